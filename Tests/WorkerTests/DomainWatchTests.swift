import Logging
import Model
import NIOConcurrencyHelpers
import RedisClient
import TestKit
import Testing

@testable import Worker

@Suite("Listening to PMs")
struct DomainWatchTests {
    /// Events as a test has them: each subscription takes the next of these.
    private final class Events: EventDriver {
        enum Subscription: Sendable {
            /// Cannot be made.
            case refused
            /// Reports these, and breaks.
            case broken([DomainChange.What])
            /// Reports these, and stays.
            case stays([DomainChange.What])
            /// Never reports anything.
            case silent
        }

        private let subscriptions: NIOLockedValueBox<[Subscription]>
        private let made = NIOLockedValueBox(0)

        init(_ subscriptions: [Subscription]) {
            self.subscriptions = NIOLockedValueBox(subscriptions)
        }

        var count: Int { made.withLockedValue { $0 } }

        func watch(
            begun: () async -> Void,
            change: (DomainChange) async -> Void
        ) async throws(Failure) -> Bool {
            made.withLockedValue { $0 += 1 }
            let next = subscriptions.withLockedValue { $0.count > 1 ? $0.removeFirst() : $0.first ?? .refused }
            let changes: [DomainChange.What]
            switch next {
            case .refused: throw Failure(.machineUnreachable, "refused")
            case .silent: return false
            case .broken(let these), .stays(let these): changes = these
            }
            await begun()
            for what in changes { await change(DomainChange(what: what, uuid: "u", name: "n")) }
            if case .broken = next { throw Failure(.machineUnreachable, "broken") }
            try? await Task.sleep(for: .seconds(3600))
            return true
        }
    }

    private struct Site {
        let events: Events
        let watch: DomainWatch
        let reported = NIOLockedValueBox([DomainChange.What]())

        init(_ subscriptions: [Events.Subscription], isListed: Bool = true) {
            let events = Events(subscriptions)
            self.events = events
            watch = DomainWatch(
                events: { (_) async throws(Failure) in isListed ? events : nil },
                backoff: Backoff(base: .milliseconds(1), limit: .milliseconds(4)),
                logger: Logger(label: "test"),
                report: { [reported] (change, _) async throws(Failure) in
                    reported.withLockedValue { $0.append(change.what) }
                    return true
                }
            )
        }

        var changes: [DomainChange.What] { reported.withLockedValue { $0 } }
    }

    private func pm(_ address: String = "host1") throws -> PhysicalMachine {
        PhysicalMachine(id: try #require(PMID(1)), listing: PMListing(address: try PMAddress(address)))
    }

    @Test("What happens is reported; what may have happened between two subscriptions is reported as lost")
    func lost() async throws {
        let site = Site([.broken([.started]), .refused, .stays([.stopped])])
        await site.watch.listen(to: try pm())
        try await eventually("the second subscription") { site.changes.count == 3 }
        #expect(site.changes == [.started, .lost, .stopped])
        await site.watch.stopListening(to: try pm().id)
    }

    @Test("A PM that does not answer is left to discovery after some tries, and its next probe subscribes again")
    func gaveUp() async throws {
        let site = Site([.refused])
        let pm = try pm()
        await site.watch.listen(to: pm)
        try await eventually("the tries to end") { site.events.count == 6 }
        try await eventually("another subscription") {
            await site.watch.listen(to: pm)
            return site.events.count > 6
        }
        await site.watch.stopListening(to: pm.id)
    }

    @Test("A driver that reports nothing is asked once, and again where the PM is listed in another way")
    func silent() async throws {
        let site = Site([.silent])
        for _ in 1...3 {
            await site.watch.listen(to: try pm())
            try await eventually("the question") { site.events.count == 1 }
        }
        await site.watch.listen(to: try pm("host2"))
        try await eventually("the other question") { site.events.count == 2 }
    }

    @Test("A PM that is no longer listed is not listened to, and the end ends all subscriptions")
    func ends() async throws {
        let unlisted = Site([.stays([])], isListed: false)
        await unlisted.watch.listen(to: try pm())
        let site = Site([.stays([.started])])
        let running = Task { await site.watch.run() }
        await site.watch.listen(to: try pm())
        try await eventually("a subscription") { site.changes == [.started] }
        running.cancel()
        try await within(.seconds(5)) { await running.value }
        await site.watch.listen(to: try pm("host2"))
        #expect(site.events.count == 1 && unlisted.events.count == 0)
    }
}
