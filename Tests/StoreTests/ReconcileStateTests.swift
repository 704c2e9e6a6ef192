import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

extension ReconcileTests {
    @Test("Paused and crashed are written with their reason, which goes with the state; a resume is no start")
    func pausedAndCrashed() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            let began = try await store.vm(known.vm.id)?.startedAt
            let steps: [(VMState, String?, String)] = [
                (.paused, "user", "vm.paused"), (.paused, "I/O error", "vm.paused"), (.running, nil, "vm.resumed"),
                (.crashed, "panicked", "vm.crashed"), (.running, nil, "vm.started"),
            ]
            var state = VMState.running
            for (next, reason, _) in steps {
                let seen = try await observation(fixture, known.vm)
                #expect(try await store.recordState(next, at: seen, insteadOf: state, because: reason))
                let status = try #require(try await store.vm(known.vm.id))
                #expect(status.state == next && status.stateReason == reason)
                // It has run on all the while until it crashed.
                if state == .paused && next == .running { #expect(status.startedAt == began) }
                state = next
            }
            #expect(try await events(fixture) == steps.map(\.2))
            #expect(
                try await store.recordState(
                    .paused,
                    at: observation(fixture, known.vm),
                    insteadOf: .running,
                    because: "user"
                )
            )
            let there = try await observation(fixture, known.vm, pm: 2)
            #expect(
                try await store.noteElsewhere(there, recordedOn: 1.identifier(), state: .stopped, host: "h") == .noted
            )
        }
    }

    @Test("How a domain was changed is noted until it is as before, and not while a job is under way")
    func drift() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            for words in ["2 CPUs instead of 1", nil] {
                let seen = try await observation(fixture, known.vm)
                #expect(try await store.note(drift: words, at: seen, in: .running))
                #expect(try await store.vm(known.vm.id)?.drift == words)
                #expect(try await !store.note(drift: "x", at: seen, in: .stopped), "it is in another state")
            }
            #expect(try await events(fixture) == ["vm.drifted", "vm.drifted"])
            _ = try await store.enqueueDestroy(known.vm.id, request: "")
            _ = try await fixture.takeAll()
            #expect(try await !store.note(drift: "x", at: observation(fixture, known.vm), in: .destroying))
        }
    }
}
