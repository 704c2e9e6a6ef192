/// Where the runs of a VM begin in what its guest has written to its console.
package struct ConsoleBoots: Hashable, Sendable {
    package struct Boot: Hashable, Sendable {
        /// From 1 on.
        package let number: Int
        /// The offset of its first byte.
        package let offset: Int
    }

    /// The last of them, the oldest first.
    package private(set) var all: [Boot] = []
    /// How many are remembered.
    private static let most = 16

    package init() {}

    /// Takes in that the VM is about to start.
    package mutating func note(at offset: Int) {
        // The first one began where the log does, and was not noted.
        let last = all.last ?? Boot(number: 1, offset: 0)
        // A start that is tried again.
        guard last.offset != offset else { return }
        all = Array((all + [Boot(number: last.number + 1, offset: offset)]).suffix(Self.most))
    }

    /// The present run, or the last one.
    package var last: Boot { all.last ?? Boot(number: 1, offset: 0) }
}

extension ConsoleBoots {
    /// As a record has it: `number offset`, one behind the other.
    package var text: String { all.map { "\($0.number) \($0.offset)" }.joined(separator: " ") }

    /// Reads it from a record; nil where it is none.
    package init?(_ text: String) {
        let numbers = text.split(separator: " ").map { Int($0) }
        guard numbers.count.isMultiple(of: 2) else { return nil }
        for index in stride(from: 0, to: numbers.count, by: 2) {
            guard let number = numbers[index], let offset = numbers[index + 1] else { return nil }
            all.append(Boot(number: number, offset: offset))
        }
    }
}
