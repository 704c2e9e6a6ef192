import Bootstrap
import Foundation
import Logging
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("Workers that stand in each other's way")
struct WorkerRegistrationTests {
    private static let logger = Logger(label: "test")

    private func withStore(_ body: (Store) async throws -> Void) async throws {
        let server = try await RedisServer.started()
        let store = Store(redis: RedisClient(configuration: server.configuration))
        let result: Result<Void, any Error>
        do { result = .success(try await body(store)) } catch { result = .failure(error) }
        await store.redis.shutdown()
        try await server.stop()
        try result.get()
    }

    /// A worker as its environment makes it.
    private func worker(_ name: String, _ environment: [String: String] = [:]) throws -> WorkerRecord {
        var reader = SettingsReader(environment: environment.merging(["HVC_WORKER_NAME": name]) { _, new in new })
        let settings = WorkerSettings(from: &reader)
        try reader.finish()
        return WorkerRegistrar.record(of: settings)
    }

    private func elsewhere(_ worker: WorkerRecord, process: String) -> WorkerRecord {
        WorkerRecord(
            name: worker.name,
            instance: worker.instance,
            settings: worker.settings,
            fields: worker.fields.merging(["process": process, "host": "far"]) { _, new in new }
        )
    }

    private func register(_ worker: WorkerRecord, in store: Store, lease: Duration = .seconds(15)) async throws {
        try await WorkerRegistrar(store: store, worker: worker, lease: lease, logger: Self.logger).register()
    }

    @Test("A second live worker of the same name is refused with the first one's host, process and start")
    func sameName() async throws {
        try await withStore { store in
            try await register(try worker("w"), in: store)
            let failure = await #expect(throws: Failure.self) { try await register(try worker("w"), in: store) }
            let message = failure?.message ?? ""
            #expect(message.contains("a worker named w is alive since"))
            #expect(message.contains("pid \(ProcessInfo.processInfo.processIdentifier)"))
            #expect(message.contains("HVC_WORKER_NAME"))
        }
    }

    @Test("One whose process has ended on this machine makes way at once, and so does one that has stopped in order")
    func ended() async throws {
        try await withStore { store in
            let child = try ChildProcess("sleep", ["60"])
            let process = try #require(ProcessIdentity.of(child.pid))
            #expect(process.hasEnded == false)
            try await register(elsewhere(try worker("w"), process: process.text), in: store)
            _ = try await child.kill()
            #expect(process.hasEnded == true)
            let second = try worker("w")
            try await within(.seconds(5), "the name to be taken") { try await register(second, in: store) }
            try await store.unregister(second)
            try await within(.seconds(5), "the name to be free") { try await register(try worker("w"), in: store) }
        }
    }

    @Test("One of another machine makes way when its lease is over, unless it shows that it lives")
    func elsewhere() async throws {
        try await withStore { store in
            let lease = Duration.seconds(1)
            let environment = ["HVC_LEASE": "1"]
            let far = elsewhere(try worker("w", environment), process: "boot ns 1 2")
            try await register(far, in: store, lease: lease)
            let start = ContinuousClock.now
            try await register(try worker("w", environment), in: store, lease: lease)
            #expect(ContinuousClock.now - start > .milliseconds(700))
            let other = elsewhere(try worker("v", environment), process: "boot ns 1 2")
            try await register(other, in: store, lease: lease)
            let beating = Task {
                while !Task.isCancelled {
                    _ = try await store.announce(other, jobs: 0, lifetime: lease * 3)
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            await #expect(throws: Failure.self) {
                try await register(try worker("v", environment), in: store, lease: lease)
            }
            beating.cancel()
            _ = await beating.result
        }
    }

    @Test(
        "One with another lease, policy, weights, cell or autostart is refused with both values and the other's name",
        arguments: [
            (["HVC_LEASE": "30"], "5,", "30:"), (["HVC_POLICY": "pack"], "seed", "pack"),
            (["HVC_POLICY_WEIGHTS": "load=2"], "", "load=2.0"), (["HVC_CELL": "other"], "default", "other"),
            (["HVC_AUTOSTART": "on"], "off", "on"),
        ]
    )
    func otherSettings(_ environment: [String: String], _ theirs: String, _ ours: String) async throws {
        try await withStore { store in
            try await register(try worker("first"), in: store)
            let failure = await #expect(throws: Failure.self) {
                try await register(try worker("second", environment), in: store)
            }
            let (message, name) = (failure?.message ?? "", environment.keys.first ?? "")
            #expect(message.contains("worker first has \(name)=\(theirs)"), "\(message)")
            #expect(message.contains("this one has \(name)=\(ours)"), "\(message)")
            #expect(try await store.redis.send(["EXISTS", "hvc:worker:second"]).int == 0)
            // The same ones are welcome, and what differs otherwise may.
            try await register(try worker("third", ["HVC_SLOTS": "2", "HVC_GRACE": "3"]), in: store)
        }
    }

    @Test("A live worker of another release is refused a neighbour, whichever of the two comes second")
    func otherRelease() async throws {
        try await withStore { store in
            let new = try worker("new")
            var settings = new.settings
            settings["schema"] = nil
            settings["restart"] = nil
            // As those of schema 0 make themselves known, and what they compare.
            settings["autostart"] = "off"
            let old = WorkerRecord(
                name: "old",
                instance: "o",
                settings: settings,
                fields: ["process": new.fields["process"] ?? ""]
            )
            try await register(old, in: store)
            let refusal = await #expect(throws: Failure.self) { try await register(new, in: store) }
            let message = refusal?.message ?? ""
            #expect(message.contains("worker old is of another release") && message.contains("schema 0"), "\(message)")
            try await store.unregister(old)
            try await register(new, in: store)
            let other = await #expect(throws: Failure.self) { try await register(old, in: store) }
            #expect(other?.message.contains("earlier release") == true, "\(other?.message ?? "")")
        }
    }

    @Test("A worker whose name was taken while it was frozen ends")
    func replaced() async throws {
        try await withStore { store in
            let frozen = try worker("w")
            try await register(frozen, in: store)
            _ = try await store.redis.send(["ZADD", "hvc:workers", 1, "w"])
            try await register(try worker("w"), in: store)
            let keeper = LeaseKeeper(store: store, worker: frozen, duration: .seconds(15), logger: Self.logger)
            let failure = await #expect(throws: (any Error).self) {
                try await within(.seconds(10), "the end") { try await keeper.run() }
            }
            #expect((failure as? Failure)?.code == .leaseLost)
            // The other one keeps the name.
            #expect(try await store.redis.send(["HGET", "hvc:worker:w", "instance"]).string != frozen.instance)
        }
    }
}
