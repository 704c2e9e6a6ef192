import Foundation
import Model
import RedisClient
import Store
import Testing

@Suite("Acceptance")
struct EnqueueTests {
    @Test("A create is a VM record, a job record, a queue entry and an event, or nothing")
    func create() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let name = "a \"b\" <c> & ;{}\\ ../ 😀"
            let accepted = try await fixture.create(name)
            #expect(accepted.vm.value == 1 && accepted.job.value == 1)
            let status = try #require(try await fixture.store.vm(accepted.vm))
            #expect(status.vm.name == name && status.state == .queued && status.pm == nil)
            #expect(try await fixture.field("hvc:vm:1", "domain") == status.vm.domainName)
            #expect(
                try await fixture.queued() == [
                    #"{"job":1,"kind":"create","vm":1,"cpu":1,"ram":512,"disk":1,"image":100}"#
                ]
            )
            #expect(try await fixture.store.status(of: accepted.job)?.state == .queued)
            #expect(try await fixture.store.redis.send(["XLEN", "hvc:events"]).int ?? 0 > 0)
        }
    }

    @Test("An unknown type, image or VM leaves nothing behind")
    func refused() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let store = fixture.store
            let type = await #expect(throws: Failure.self) {
                try await store.enqueueCreate(name: "a", type: 9.identifier(), image: 100.identifier(), request: "")
            }
            #expect(type?.code == .unknownType)
            let image = await #expect(throws: Failure.self) {
                try await store.enqueueCreate(name: "a", type: 1.identifier(), image: 9.identifier(), request: "")
            }
            #expect(image?.code == .unknownImage)
            let vm = await #expect(throws: Failure.self) { try await store.enqueueDestroy(9.identifier(), request: "") }
            #expect(vm?.code == .unknownVM)
            #expect(try await store.redis.send(["KEYS", "hvc:vm:*"]).array?.isEmpty == true)
            #expect(try await store.redis.send(["KEYS", "hvc:job:*"]).array?.isEmpty == true)
            #expect(try await fixture.queued().isEmpty)
        }
    }

    @Test("A second destroy gets the number of the first")
    func destroyTwice() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let vm = try await fixture.create().vm
            _ = try await fixture.store.enqueueDestroy(vm, request: "")
            let failure = await #expect(throws: Failure.self) {
                try await fixture.store.enqueueDestroy(vm, request: "")
            }
            #expect(failure?.code == .alreadyDestroying)
            #expect(try await fixture.queued().count == 2)
        }
    }

    @Test("Times are ISO 8601 by Redis' clock")
    func times() async throws {
        try await StoreFixture.with { (fixture) async throws in
            _ = try await fixture.create()
            let time = try #require(try await fixture.field("hvc:vm:1", "created_at"))
            let parts = try #require(try await fixture.store.redis.send(["TIME"]).strings)
            let seconds = try #require(Double(parts[0]))
            let parsed = try #require(time.iso8601)
            #expect(abs(parsed.timeIntervalSince1970 - seconds) < 5, "\(time)")
        }
    }
}
