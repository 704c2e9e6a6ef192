import Model
import Store

/// One client's way through the console of a VM, from an offset on.
struct ConsoleReader: Sendable {
    /// What comes next.
    enum Next: Sendable {
        case bytes([UInt8])
        /// Nothing has come for so long.
        case silence
        case end
    }

    let vm: VMID
    let feed: ConsoleFeed
    let answers: ConsoleAnswers
    /// Whether it goes on with what is still to come; it must have entered the feed then.
    let follows: Bool
    /// The offset of the next byte.
    private(set) var position: Int
    /// Where it ends, where it does not follow.
    private let size: Int
    /// What was read already.
    private var first: [UInt8]

    /// How much is read of the PM's log at once.
    static let pageSize = 128 << 10
    /// How long a console that nobody relays yet is waited for before its log is read again.
    private static let pause = Duration.seconds(1)

    /// Goes on from a page, or where its bytes begin.
    init(_ page: ConsolePage, of vm: VMID, follows: Bool, feed: ConsoleFeed, answers: ConsoleAnswers) {
        (self.vm, self.follows, self.feed, self.answers) = (vm, follows, feed, answers)
        (position, size, first) = (page.offset, page.size, page.bytes)
    }

    /// What comes next, once there is something.
    ///
    /// - Parameter deadline: how long to wait for it.
    /// - Returns: what comes.
    /// - Throws: `Failure`.
    mutating func next(until deadline: ContinuousClock.Instant) async throws(Failure) -> Next {
        if !first.isEmpty {
            defer { first = [] }
            return passed(first)
        }
        guard follows else {
            guard position < size else { return .end }
            let bytes = try await answers.page(of: vm, from: .offset(position), limit: Self.pageSize).bytes
            return bytes.isEmpty ? .end : passed(Array(bytes.prefix(size - position)))
        }
        while !feed.isStopping, !Task.isCancelled {
            let version = feed.version(of: vm)
            switch feed.reading(of: vm, after: position) {
            case .bytes(let bytes): return passed(bytes)
            case .upToDate:
                if feed.isGone(vm) { return .end }
                guard .now < deadline else { return .silence }
                await feed.wait(for: vm, since: version, until: deadline)
            case .unknown:
                if feed.isGone(vm) { return .end }
                let bytes = try await answers.page(of: vm, from: .offset(position), limit: Self.pageSize).bytes
                if !bytes.isEmpty { return passed(bytes) }
                guard .now < deadline else { return .silence }
                await feed.wait(for: vm, since: version, until: min(deadline, .now + Self.pause))
            }
        }
        return .end
    }

    private mutating func passed(_ bytes: [UInt8]) -> Next {
        position += bytes.count
        return .bytes(bytes)
    }
}
