import Testing

@testable import Store
@testable import Worker

@Suite("What an event wakes")
struct EventWakesTests {
    private func wakes(_ types: String...) -> EventWakes {
        EventWakes(.events(types.map { StoreEvent(type: $0, fields: [:]) }))
    }

    @Test("What happens all the time on an installation at rest or at work elsewhere wakes nobody")
    func quiet() {
        #expect(wakes("job.started", "vm.started", "vm.stopped", "vm.drifted", "an.event.of.a.later.version").isEmpty)
        #expect(wakes().isEmpty)
    }

    @Test("An entry that came, a job that ended and a PM whose state changed wake the intake")
    func intake() {
        for type in ["job.queued", "job.finished", "job.dead", "hold.expired", "vm.freed", "pm.state", "fleet.ready"] {
            #expect(wakes("job.started", type).contains(.intake), "\(type)")
        }
    }

    @Test("Several events wake each loop that one of them concerns, and an outage wakes all")
    func several() {
        #expect(wakes("batch.placed") == .intake && wakes("room.freed") == .intake)
        #expect(wakes("job.queued", "pm.due", "job.delayed") == [.intake, .discovery, .sweep])
        #expect(EventWakes(.interrupted) == .all)
    }
}
