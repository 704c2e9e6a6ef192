import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

extension ReconcileTests {
    private func told(_ fixture: StoreFixture) async throws -> [[String: String]] {
        let entries = try await fixture.store.redis.send(["XRANGE", "hvc:events", "-", "+"]).array ?? []
        return entries.compactMap { $0.array?.last?.map }.filter { $0["type"] == "vm.ready" }
    }

    @Test("Each level that a guest reaches is written and told once, counts for one run, and moves no version")
    func readiness() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            let (vm, pm) = (known.vm, try 1.identifier() as PMID)
            func note(_ change: (inout ReadinessFinding) -> Void) async throws -> GuestReadiness {
                let run = try #require(try await store.vm(vm.id)).startedAt
                var finding = ReadinessFinding(vm: vm.id, uuid: vm.uuid, run: run)
                change(&finding)
                #expect(try await store.note([finding], on: pm) == [vm.id])
                return try #require(try await store.vm(vm.id)).currentReadiness
            }
            #expect(known.currentReadiness == .none)
            #expect(try await note { $0.cloudInit = CloudInit(.running) }.cloudInit == CloudInit(.running))
            #expect(try await told(fixture).isEmpty)
            let first = try await note { $0.banner = "SSH-2.0-a" }
            #expect(first.banner == "SSH-2.0-a" && first.answeredAt != nil && first.cloudInit?.state == .running)
            // Another banner is no other level.
            #expect(try await note { $0.banner = "SSH-2.0-b" } == first)
            let failed = try await note { $0.cloudInit = CloudInit(.error, error: "no such file") }
            #expect(failed.cloudInit == CloudInit(.error, error: "no such file") && failed.banner == "SSH-2.0-a")
            // Another worker that came later, and has not seen that.
            for state in [CloudInit.State.running, .unknown] {
                #expect(try await note { $0.cloudInit = CloudInit(state) } == failed)
            }
            let system = GuestSystem(hostname: "web", os: "Debian")
            #expect(try await note { $0.system = system }.system == system)
            #expect(try await note { $0.system = system }.cloudInit == failed.cloudInit)
            #expect(try await told(fixture).map { $0["level"] } == ["ssh", "cloud_init"])
            #expect(try await told(fixture).last?["state"] == "error")
            #expect(try await store.vm(vm.id)?.version == known.version)

            // It stops and starts again: what is known is of before.
            var before = VMState.running
            for state in [VMState.stopped, .running] {
                let seen = try await observation(fixture, vm)
                #expect(try await store.recordState(state, at: seen, insteadOf: before))
                before = state
                #expect(try await store.vm(vm.id)?.currentReadiness == GuestReadiness.none)
            }
            let again = try await note { $0.banner = "SSH-2.0-c" }
            #expect(again.banner == "SSH-2.0-c" && again.cloudInit == nil && again.system == nil)
            #expect(try await told(fixture).map { $0["level"] } == ["ssh", "cloud_init", "ssh"])
        }
    }

    @Test("Readiness of a VM that is elsewhere, another, off or broken is not written, and stops no others")
    func foreignReadiness() async throws {
        try await withRunningVM { (fixture, known) async throws in
            let store = fixture.store
            let vm = known.vm
            let run = known.startedAt
            let own = ReadinessFinding(vm: vm.id, uuid: vm.uuid, run: run, banner: "SSH-2.0-a")
            for other in [nil, run.map { $0 - 1 }] {
                let earlier = ReadinessFinding(vm: vm.id, uuid: vm.uuid, run: other, banner: "SSH-2.0-a")
                #expect(try await store.note([earlier], on: 1.identifier()).isEmpty, "of another run")
            }
            #expect(try await store.note([own], on: 2.identifier()).isEmpty)
            _ = try await store.redis.send(["SET", "hvc:vm:8", "no hash"])
            let others = try [9, 8, 1].map {
                ReadinessFinding(vm: try $0.identifier(), uuid: UUID(), run: run, banner: "SSH-2.0-x")
            }
            #expect(try await store.note(others + [own], on: 1.identifier()) == [vm.id])
            #expect(try await store.redis.send(["EXISTS", "hvc:vm:9"]).int == 0)
            let seen = try await observation(fixture, vm)
            #expect(try await store.recordState(.stopped, at: seen, insteadOf: .running))
            #expect(try await store.note([own], on: 1.identifier()).isEmpty)
        }
    }
}
