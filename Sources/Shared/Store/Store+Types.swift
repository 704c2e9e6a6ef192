package import Model
import RedisClient

/// A type that cannot have the number that its file gives it.
package struct TypeConflict: Hashable, Sendable {
    /// What is in the way.
    package enum Reason: Hashable, Sendable {
        /// The size was given this number earlier.
        case sizeHas(TypeID)
        /// The number was given to this size earlier.
        case numberIsOf(Resources)
    }

    /// Which of the listed types it is, from 0.
    package let index: Int
    /// What is in the way.
    package let reason: Reason

    /// Makes it.
    ///
    /// - Parameters:
    ///   - index: which of the listed types it is, from 0.
    ///   - reason: what is in the way.
    package init(index: Int, reason: Reason) {
        self.index = index
        self.reason = reason
    }
}

extension Store {
    /// Makes these the listed types; a known size keeps its number.
    ///
    /// - Parameter listings: the flavor file's entries, each size and each number once.
    /// - Returns: the numbers, in the same order.
    /// - Throws: `Failure`, with `invalidRequest` where one cannot have its number; then nothing is changed.
    package func register(types listings: [TypeListing]) async throws(Failure) -> [TypeID] {
        switch try await registerTypes(listings, mode: "register") {
        case .registered(let numbers): return numbers
        case .refused(let conflicts):
            let conflict = conflicts.first
            throw Failure(
                .invalidRequest,
                "type \((conflict?.index ?? 0) + 1) of the flavor file: \(conflict?.description ?? "")"
            )
        }
    }

    /// Makes these the listed types; a known size keeps its number, others take the next ones.
    ///
    /// - Parameter sizes: what VMs of the types need.
    /// - Returns: the numbers, in the same order.
    /// - Throws: `Failure`.
    package func register(types sizes: [Resources]) async throws(Failure) -> [TypeID] {
        try await register(types: sizes.map { TypeListing(needs: $0) })
    }

    /// Compares the numbers that a file gives with those that were given earlier; changes nothing.
    ///
    /// - Parameter listings: the flavor file's entries, each size and each number once.
    /// - Returns: the types that cannot have their numbers.
    /// - Throws: `Failure`.
    package func conflicts(ofTypes listings: [TypeListing]) async throws(Failure) -> [TypeConflict] {
        // Without a number of its own, a type takes what it has or what is free.
        guard listings.contains(where: { $0.number != nil }) else { return [] }
        switch try await registerTypes(listings, mode: "check") {
        case .registered: return []
        case .refused(let conflicts): return conflicts
        }
    }

    private func registerTypes(_ listings: [TypeListing], mode: String) async throws(Failure) -> RegisterTypesReply {
        let arguments = listings.flatMap { listing -> [any RedisArgumentConvertible] in
            let needs = listing.needs
            return [needs.cpu, needs.ram, needs.disk, listing.number.map { "\($0)" } ?? ""]
        }
        return try await run(.registerTypes, ["mode": mode], more: arguments)
    }
}

/// What the script `register_types` answers.
private enum RegisterTypesReply: ScriptReply {
    case registered([TypeID])
    case refused([TypeConflict])

    init?(_ reply: RESPValue, keys: Keys) {
        guard let rows = reply.array else { return nil }
        if rows.first?.string == "refused" {
            let conflicts = rows.dropFirst().compactMap { TypeConflict($0, keys: keys) }
            guard !conflicts.isEmpty, conflicts.count == rows.count - 1 else { return nil }
            self = .refused(conflicts)
        } else {
            guard let numbers = [TypeID](reply, keys: keys) else { return nil }
            self = .registered(numbers)
        }
    }
}

extension TypeConflict: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let words = reply.array, words.count == 3, let index = words[0].int, let other = words[2].string else {
            return nil
        }
        if words[1].string == "size" {
            guard let number = TypeID(other) else { return nil }
            self.init(index: index, reason: .sizeHas(number))
        } else {
            let figures = other.split(separator: "/").compactMap { Int($0) }
            guard figures.count == 3 else { return nil }
            let size = Resources(cpu: figures[0], ram: figures[1], disk: figures[2])
            self.init(index: index, reason: .numberIsOf(size))
        }
    }
}

extension TypeConflict: CustomStringConvertible {
    /// What is in the way and what to write instead.
    package var description: String {
        switch reason {
        case .sizeHas(let number):
            "this size was given the number \(number) earlier and keeps it: write \"tid\": \(number), or leave tid out"
        case .numberIsOf(let size):
            "this number was given to the type of cpu \(size.cpu), ram \(size.ram), disk \(size.disk) earlier, which "
                + "keeps it: write another tid, or leave it out"
        }
    }
}
