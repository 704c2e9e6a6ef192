import Model
import NIOConcurrencyHelpers
import Store

/// The log of one VM's console on its PM, read by offsets.
struct ConsoleLog: Sendable {
    let vm: VMID
    /// The path of the log.
    let path: String
    let shell: RemoteShell
    let store: Store

    /// How long a short answer may take.
    private static let answerLimit = Duration.seconds(20)
    /// How often it is tried to read files that change their names meanwhile, and to record them.
    private static let tries = 6

    /// What is there now.
    func look() async throws(Failure) -> ConsoleRecord {
        try await page(from: .last(0), limit: 0).record
    }

    /// Takes in that the VM is about to start: what its guest writes from now on is another run's.
    func noteBoot() async throws(Failure) {
        for _ in 0..<Self.tries {
            var record = try await look()
            guard !record.chain.links.isEmpty else { return }
            record.boots.note(at: record.chain.end)
            if try await store.note(record, ofConsoleOf: vm) { return }
        }
    }

    /// Reads some of it.
    ///
    /// - Parameters:
    ///   - start: where.
    ///   - limit: how many bytes at most.
    /// - Returns: the bytes, and what is there.
    /// - Throws: `Failure` with `offsetNotKept` where the offset is not within what is there.
    func page(
        from start: ConsoleAsk.Start,
        limit: Int
    ) async throws(Failure) -> (page: ConsolePage, record: ConsoleRecord) {
        var (start, guess) = (start, Place?.none)
        for _ in 0..<Self.tries {
            var record = try await store.consoleRecord(of: vm)
            if guess == nil, case .offset(let offset) = start, let known = record.chain.place(of: offset) {
                guess = Place(id: known.link.id, skip: known.skip)
            }
            let listing = try await list(with: limit > 0 ? guess : nil, limit)
            guard let files = listing.files else { continue }
            if record.chain.observe(files) {
                // Files may have got other names while they were listed: what is recorded was seen twice.
                let again = try await list(with: nil, 0).files ?? []
                guard again.map(\.id) == files.map(\.id), try await store.note(record, ofConsoleOf: vm) else {
                    continue
                }
                record = try await store.consoleRecord(of: vm)
                record.chain.observe(again)
            }
            let offset = try Self.offset(of: start, in: record)
            // However much is written meanwhile.
            start = .offset(offset)
            let end = record.chain.end
            func page(_ bytes: [UInt8]) -> ConsolePage {
                let boot = record.chain.links.isEmpty ? 0 : record.boots.last.number
                return ConsolePage(
                    offset: offset,
                    first: record.chain.first,
                    size: max(end, offset + bytes.count),
                    boot: boot,
                    bytes: bytes
                )
            }
            guard limit > 0, offset < end, let place = record.chain.place(of: offset) else { return (page([]), record) }
            let wanted = Place(id: place.link.id, skip: place.skip)
            if wanted == guess, !listing.bytes.isEmpty { return (page(listing.bytes), record) }
            guess = wanted
        }
        throw Failure(.deadline, "the console's log on \(shell.name) changes faster than it is read: try again")
    }

    /// Follows it from an offset on, for a while.
    ///
    /// - Parameters:
    ///   - place: the file, and how much of it to leave out.
    ///   - rounds: how many fifths of a second.
    ///   - take: called with what comes, in order.
    /// - Throws: `Failure`: what `take` throws, or why it ended.
    func follow(
        from place: (link: ConsoleChain.Link, skip: Int),
        rounds: Int,
        _ take: @escaping @Sendable ([UInt8]) async throws(Failure) -> Void
    ) async throws(Failure) {
        let script = RemoteScript.consoleFollow(path, from: place.link.id, skip: place.skip, rounds: rounds)
        // Longer than it takes, since what it prints may be taken slowly.
        _ = try await shell.run(script, within: .seconds(rounds * 2 + 60), take)
    }

    private struct Place: Hashable {
        let id: String
        let skip: Int
    }

    private func list(with place: Place?, _ limit: Int) async throws(Failure) -> ConsoleListing {
        let script =
            place.map { RemoteScript.consolePage(path, of: $0.id, from: $0.skip, count: limit) }
            ?? RemoteScript.consoleFiles(path)
        let listing = NIOLockedValueBox(ConsoleListing())
        _ = try await shell.run(script, within: Self.answerLimit) { (bytes) throws(Failure) in
            listing.withLockedValue { $0.add(bytes) }
        }
        let found = listing.withLockedValue { $0 }
        guard found.isReadable else {
            throw Failure(
                .hypervisor,
                "the console's log '\(path)' on \(shell.name) cannot be read: log in there as root, or let ssh's user read "
                    + "it (setfacl on the folder, by default and for what is there)"
            )
        }
        return found
    }

    private static func offset(of start: ConsoleAsk.Start, in record: ConsoleRecord) throws(Failure) -> Int {
        let (first, end) = (record.chain.first, record.chain.end)
        switch start {
        case .boot: return min(max(record.boots.last.offset, first), end)
        case .last(let count): return max(first, end - count)
        case .offset(let offset):
            guard first <= offset, offset <= end else { throw .notKept(offset, first, end) }
            return offset
        }
    }
}

extension Failure {
    fileprivate static func notKept(_ offset: Int, _ first: Int, _ end: Int) -> Failure {
        let what = offset < first ? "is kept no more" : "is still to come"
        return Failure(
            .offsetNotKept,
            "the byte at offset \(offset) \(what): the console is kept from offset \(first) to \(end)"
        )
    }
}
