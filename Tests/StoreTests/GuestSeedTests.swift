import Foundation
import Model
import Placement
import RedisClient
import TestKit
import Testing

@testable import Store

@Suite("What seed disks are made of")
struct GuestSeedTests {
    private static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + String(repeating: "A", count: 43) + " me@host"
    private static let marker = "a-marker-that-stands-nowhere-else"
    private static let userData = [0, 255, 13, 10] + Array(marker.utf8) + (0...255).map { UInt8($0) }

    private func seed() throws -> GuestSeed {
        let content = SeedSummary.Content(bytes: Self.userData.count, sha256: String(repeating: "0f", count: 32))
        return GuestSeed(
            summary: SeedSummary(
                hostname: try Hostname("web"),
                sshKeys: ["SHA256:" + String(repeating: "a", count: 43)],
                userData: content,
                networkConfig: SeedSummary.Content(bytes: 11, sha256: content.sha256)
            ),
            sshKeys: [try SSHPublicKey(Self.key)],
            userData: Self.userData,
            networkConfig: "version: 1\n"
        )
    }

    private func create(_ fixture: StoreFixture) async throws -> Acceptance {
        try await fixture.store.enqueueCreate(
            name: "a",
            type: 1.identifier(),
            image: 100.identifier(),
            seed: try seed(),
            request: "r"
        )
    }

    private func withPM(_ body: (StoreFixture) async throws -> Void) async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, Resources(cpu: 4, ram: 4096, disk: 10))
            try await body(fixture)
        }
    }

    /// The keys in which the user data stand.
    private func marked(_ fixture: StoreFixture) async throws -> [String] {
        try await fixture.everything().filter { $0.value.joined().contains(Self.marker) }.map(\.key)
    }

    /// Expects that nothing of the user data is left, and that a VM which is there shows what is known of its seed.
    private func expectNone(_ fixture: StoreFixture, _ vm: Int = 1) async throws {
        #expect(try await marked(fixture).isEmpty)
        #expect(try await fixture.store.redis.send(["KEYS", "hvc:vm:*:seed"]).array?.isEmpty == true)
        guard let status = try await fixture.store.vm(vm.identifier()) else { return }
        #expect(try status.vm.seed == seed().summary)
    }

    private func lease(_ job: Int = 1, epoch: Int = 1) throws -> Lease {
        Lease(job: try job.identifier(), epoch: epoch)
    }

    @Test("A seed is read as it was given, whatever the bytes, and its user data stand in one key")
    func given() async throws {
        try await withPM { (fixture) async throws in
            let vm = try #require(try await fixture.store.vm(try await create(fixture).vm)).vm
            #expect(try await fixture.store.seed(of: vm) == seed())
            #expect(try await marked(fixture) == ["hvc:vm:1:seed"])
        }
    }

    @Test("A seed without content, and none, take no key of their own")
    func small() async throws {
        try await withPM { (fixture) async throws in
            for summary in [SeedSummary(hostname: try Hostname("web")), nil] {
                let seed = summary.map { GuestSeed(summary: $0, sshKeys: [], userData: [], networkConfig: "") }
                let accepted = try await fixture.store.enqueueCreate(
                    name: "a",
                    type: 1.identifier(),
                    image: 100.identifier(),
                    seed: seed,
                    request: "r"
                )
                let vm = try #require(try await fixture.store.vm(accepted.vm)).vm
                #expect(vm.seed == summary)
                #expect(try await fixture.store.seed(of: vm) == seed)
                #expect(try await fixture.store.redis.send(["KEYS", "hvc:vm:*:seed"]).array?.isEmpty == true)
            }
        }
    }

    /// How a create can end.
    enum End: String, CaseIterable {
        case done
        case failed
        case failedWithCleanup
        case cancelledInQueue
        case cancelledWhileItRan
        case refused
        case givenUp
        case dropped
        case retried
    }

    @Test("However a create ends, what its seed is made of goes with that end", arguments: End.allCases)
    func ends(end: End) async throws {
        try await withPM { (fixture) async throws in
            let store = fixture.store
            if end == .refused { try await fixture.up(1, .zero) }
            let accepted = try await create(fixture)
            #expect(try await marked(fixture) == ["hvc:vm:1:seed"])
            if end == .cancelledInQueue {
                try await store.cancel(accepted.job)
            } else {
                _ = try await fixture.takeAll()
            }
            let failure = Failure(.hypervisor, "no")
            switch end {
            case .cancelledInQueue, .refused: break
            case .done: #expect(try await store.finish(lease(), by: "w", JobEnding()))
            case .failed: #expect(try await store.finish(lease(), by: "w", JobEnding(failure: failure)))
            case .failedWithCleanup:
                let ending = JobEnding(failure: failure, cleanupDelay: .seconds(9))
                #expect(try await store.finish(lease(), by: "w", ending))
            case .cancelledWhileItRan:
                #expect(try await fixture.begin("disk", of: lease()))
                try await store.cancel(accepted.job)
                #expect(try await marked(fixture) == ["hvc:vm:1:seed"])
                #expect(try await store.finish(lease(), by: "w", JobEnding(failure: Failure(.cancelled, "cancelled"))))
            case .givenUp, .dropped, .retried:
                #expect(try await fixture.begin("image", of: lease()))
                #expect(try await store.renew([lease()], for: .zero).isEmpty)
                #expect(try await store.sweep(crashLimit: 1).givenUp == [accepted.job])
                if end == .dropped { try await store.drop(accepted.job) }
                if end == .retried {
                    try await store.retry(accepted.job)
                    let vm = try #require(try await store.vm(accepted.vm)).vm
                    let failure = await #expect(throws: Failure.self) { try await store.seed(of: vm) }
                    #expect(failure?.code == .malformedRecord)
                }
            }
            try await expectNone(fixture)
        }
    }

    @Test("A create that goes back to the queue, is deferred or goes to another PM keeps its seed")
    func goesOn() async throws {
        try await withPM { (fixture) async throws in
            let store = fixture.store
            let vm = try #require(try await store.vm(try await create(fixture).vm)).vm
            _ = try await fixture.takeAll()
            #expect(try await store.requeue(lease(), reason: "r", writing: []))
            #expect(try await store.seed(of: vm) == seed())
            _ = try await fixture.takeAll()
            let epoch = try #require(try await fixture.field("hvc:job:1", "epoch").flatMap { Int($0) })
            let failure = Failure(.machineUnreachable, "no")
            #expect(
                try await store.reschedule(lease(epoch: epoch), because: failure, penalizesPM: false, writing: [])
            )
            #expect(try await store.seed(of: vm) == seed())
        }
    }

    @Test("Each VM of a batch has its own seed, and all go with the batch")
    func batch() async throws {
        try await StoreFixture.with { (fixture) async throws in
            try await fixture.up(1, .zero)
            let creates =
                try ["a", "b"].map {
                    BatchCreate(name: $0, type: try 1.identifier(), image: try 100.identifier(), seed: try seed())
                } + [BatchCreate(name: "c", type: try 1.identifier(), image: try 100.identifier())]
            _ = try await fixture.store.enqueueBatch(creates, isAtomic: false, request: "r")
            #expect(try await marked(fixture).sorted() == ["hvc:vm:1:seed", "hvc:vm:2:seed"])
            #expect(try await fixture.store.vm(3.identifier())?.vm.seed == nil)
            _ = try await fixture.takeAll()
            try await expectNone(fixture)
        }
    }

    @Test("A hold that is built gets its seed then")
    func hold() async throws {
        try await withPM { (fixture) async throws in
            let store = fixture.store
            let hold = try await store.enqueueHold(
                type: 1.identifier(),
                image: 100.identifier(),
                seconds: 60,
                request: "r"
            )
            // As after its claim.
            let held = ["state", "held", "held_until", "9999-01-01T00:00:00.000Z"]
            _ = try await store.redis.send(RedisCommand("HSET", arguments: (["hvc:vm:1"] + held).map(\.redisArgument)))
            let build = try await store.enqueueBuild(
                of: hold.vm,
                name: "a",
                image: 100.identifier(),
                seed: try seed(),
                request: "r"
            )
            let vm = try #require(try await store.vm(hold.vm)).vm
            #expect(try await store.seed(of: vm) == seed())
            try await store.cancel(build.job)
            try await expectNone(fixture)
        }
    }

    @Test("A VM that is made known again by its domain shows what is known of its seed")
    func adopted() async throws {
        try await withPM { (fixture) async throws in
            let store = fixture.store
            let vm = try #require(try await store.vm(try await create(fixture).vm)).vm
            _ = try await store.redis.send(["DEL", "hvc:vm:1"])
            let observation = Observation(pm: try 1.identifier(), probedAt: try await fixture.now(), vm: vm)
            #expect(try await store.adopt(observation, state: .running) == .adopted)
            #expect(try await store.vm(vm.id)?.vm.seed == seed().summary)
        }
    }

    @Test("What stands where a seed is to be, of whatever type, is overwritten")
    func leftover() async throws {
        try await withPM { (fixture) async throws in
            _ = try await fixture.store.redis.send(["RPUSH", "hvc:vm:1:seed", "x"])
            let vm = try #require(try await fixture.store.vm(try await create(fixture).vm)).vm
            #expect(try await fixture.store.seed(of: vm) == seed())
        }
    }
}
