import Foundation
import Logging
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("The catalog loader")
struct CatalogLoaderTests {
    private struct Site {
        let server: RedisServer
        let store: Store
        let folder: TemporaryDirectory

        init() async throws {
            server = try await RedisServer.started()
            store = Store(redis: RedisClient(configuration: server.configuration))
            folder = try TemporaryDirectory(prefix: "catalog")
            try write("pms", "host1\nhost2\n")
            try write("types", #"{"types": [{"cpu": 1, "ram": 512, "disk": 1}]}"#)
        }

        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: folder.file(name)))
        }

        func loader() throws -> CatalogLoader {
            let settings = try WorkerSettings(
                environment: [
                    "HVC_PM_FILE": folder.file("pms"), "HVC_FLAVOR_FILE": folder.file("types"),
                    "HVC_WORKER_NAME": "w", "HVC_IMAGE_CACHE": folder.file("cache"),
                ]
            )
            let logger = Logger(label: "test")
            return CatalogLoader(
                files: CatalogFiles(settings: settings),
                policy: settings.policy,
                discoveryPeriod: settings.discoveryPeriod,
                inspection: ImageInspection(roots: settings.imageRoots),
                fetcher: ImageFetcher(
                    cache: settings.imageCache,
                    ssh: SSHConfiguration(controlDirectory: folder.file("ssh")),
                    store: store,
                    worker: "w",
                    logger: logger
                ),
                store: store,
                logger: logger
            )
        }

        func pms() async throws -> [Int] { try await store.machines().map(\.value) }
    }

    private func withSite(_ body: (Site) async throws -> Void) async throws {
        let site = try await Site()
        let result: Result<Void, any Error>
        do { result = .success(try await body(site)) } catch { result = .failure(error) }
        await site.store.redis.shutdown()
        try await site.server.stop()
        site.folder.remove()
        try result.get()
    }

    private func keeping(_ loader: CatalogLoader, _ body: () async throws -> Void) async throws {
        let task = Task { await loader.keep() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        task.cancel()
        try result.get()
    }

    @Test("What the files list is known after a load; a file that is bad changes nothing of any")
    func load() async throws {
        try await withSite { site in
            let loader = try site.loader()
            try await loader.load()
            #expect(try await site.pms() == [1, 2])
            try site.write("pms", "host3\n")
            try site.write("types", "{")
            await #expect(throws: Failure.self) { try await loader.load() }
            #expect(try await site.pms() == [1, 2])
            try site.write("types", #"{"types": [{"cpu": 2, "ram": 512, "disk": 1}]}"#)
            try await loader.load()
            #expect(try await site.pms() == [3])
            #expect(try await site.store.types().map(\.id.value) == [2])
        }
    }

    @Test(
        "A Redis that came back empty, and a key that somebody deleted, are registered again as soon as that is checked"
    )
    func lost() async throws {
        try await withSite { site in
            let loader = try site.loader()
            try await loader.load()
            try await keeping(loader) {
                for loss in [["FLUSHALL"], ["DEL", "hvc:type:1"], ["DEL", "hvc:discovery"], ["DEL", "hvc:policy"]] {
                    _ = try await site.store.redis.send(
                        RedisCommand(loss[0], arguments: loss.dropFirst().map(\.redisArgument))
                    )
                    try await eventually("what was lost by \(loss) to be there again") {
                        loader.checkSoon()
                        let keys = ["hvc:type:1", "hvc:discovery", "hvc:policy", "hvc:pms"]
                        return try await site.store.redis.send(
                            RedisCommand("EXISTS", arguments: keys.map(\.redisArgument))
                        ).int == 4
                    }
                }
            }
        }
    }

    @Test("While all is there, a check is one round trip of three commands, and nothing is registered again")
    func rest() async throws {
        try await withSite { site in
            let loader = try site.loader()
            try await loader.load()
            let version = try await site.store.redis.send(["HGET", "hvc:counters", "fleet"]).string
            try await keeping(loader) {
                for _ in 1...20 {
                    loader.checkSoon()
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(try await site.store.redis.send(["HGET", "hvc:counters", "fleet"]).string == version)
            }
            var registrations = Registrations()
            registrations.hasMachines = true
            registrations.types = [try #require(TypeID(1))]
            let check = try await site.store.check(registrations)
            #expect(check.missing.isEmpty && check.beganAt != nil)
        }
    }
}
