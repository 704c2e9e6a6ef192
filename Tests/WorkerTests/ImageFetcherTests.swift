import Catalog
import Foundation
import Logging
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("Images of other machines in the catalog")
struct ImageFetcherTests {
    @Test("A machine that is away leaves its image listed and unusable; it is ready when the machine is back")
    func awayAndBack() async throws {
        try await Self.with { site, store, fetcher in
            let location = try site.source()
            try site.set("away")
            let id = try await Self.list([location], store, fetcher)
            try await eventually("the reason") {
                let registration = try await store.imageRegistration(id)
                return registration?.reason.contains("machine_unreachable") == true
            }
            #expect(try await store.images().count == 1)
            let failure = await #expect(throws: Failure.self) {
                try await store.imageRegistration(id)?.usable(as: id)
            }
            #expect(failure?.code == .imageUnusable)
            try site.set("away", false)
            let facts = try await Self.facts(of: id, store)
            let record = try await Self.record(of: id, store)
            #expect(facts.fileBytes == 8 << 20)
            #expect(record["fetch_state"] == "fetched" && record["fetched_by"] == "w" && record["fetch_error"] == "")
            #expect(record["sha256"]?.count == 64 && record["fetched_at"] != nil)
            #expect(record["fetched_bytes"] == "\(8 << 20)" && record["fetch_bytes"] == "\(8 << 20)")

            let image = ImageFile(Image(id: id, name: "disk", path: location.description), facts)
            #expect(try await fetcher.file(of: image).path.hasPrefix(site.cache.folder))
        }
    }

    @Test("More images than are fetched at once, of which some fail, all come in the end")
    func many() async throws {
        try await Self.with { site, store, fetcher in
            try site.set("slow")
            let locations = try (1...5).map { try site.source("\($0).raw", bytes: 1 << 20) }
            let gone = ImageLocation.remote(try SSHDestination(site.server.address), path: "/nowhere.raw")
            let last = try await Self.list([gone] + locations, store, fetcher)
            try await eventually("all images", deadline: .seconds(30)) {
                let ids = (last.value - 4...last.value).compactMap(ImageID.init)
                for id in ids where try await store.imageRegistration(id)?.facts == nil { return false }
                return true
            }
        }
    }

    @Test("While an image is fetched, its record says how far, and who asks for it is reported to wait")
    func underWay() async throws {
        try await Self.with { site, store, fetcher in
            let location = try site.source()
            try site.set("slow")
            let id = try await Self.list([location], store, fetcher)
            try await eventually("the fetch") { try await Self.record(of: id, store)["fetch_state"] == "fetching" }
            let registration = try await store.imageRegistration(id)
            #expect(registration?.isBeingFetched == true)
            #expect(registration?.reason == "0 %: 0 of \(8 << 20) bytes")
            let failure = await #expect(throws: Failure.self) { try await store.imageRegistration(id)?.usable(as: id) }
            #expect(failure?.code == .imageFetching)
            _ = try await Self.facts(of: id, store)
        }
    }

    @Test("Images that another worker of this machine fetches hold up no other, and come when it has ended")
    func elsewhere() async throws {
        try await Self.with { site, store, fetcher in
            let locations = try (1...3).map { try site.source("\($0).raw", bytes: 1 << 20) }
            var locks = try locations.prefix(2).map { try site.cache.lock($0) }
            #expect(locks.allSatisfy { $0 != nil })
            let last = try await Self.list(locations, store, fetcher)
            let ids = (last.value - 2...last.value).compactMap(ImageID.init)
            _ = try await Self.facts(of: ids[2], store)
            #expect(try await store.imageRegistration(ids[0])?.facts == nil)
            locks = []
            for id in ids { _ = try await Self.facts(of: id, store) }
        }
    }

    @Test("Listed again, an image stays ready while its machine is away; one that the cache lost is fetched again")
    func lostCopy() async throws {
        try await Self.with { site, store, fetcher in
            let location = try site.source()
            let id = try await Self.list([location], store, fetcher)
            let facts = try await Self.facts(of: id, store)
            try site.set("away")
            #expect(try await Self.list([location], store, fetcher) == id)
            try await eventually("the failure") { try await Self.record(of: id, store)["fetch_state"] == "failed" }
            #expect(try await store.imageRegistration(id)?.facts == facts)

            // From a Redis that was emptied, the copy in the cache is known again.
            _ = try await store.redis.send(["FLUSHALL"])
            _ = try await Self.list([location], store, fetcher)
            #expect(try await Self.facts(of: id, store) == facts)

            let image = ImageFile(Image(id: id, name: "disk", path: location.description), facts)
            try FileManager.default.removeItem(atPath: try await fetcher.file(of: image).path)
            try await eventually("the refusal") { await Self.refusal(of: image, fetcher) == .imageUnusable }
            try site.set("away", false)
            try await eventually("the file") { await Self.refusal(of: image, fetcher) == nil }
            try FileManager.default.removeItem(atPath: try await fetcher.file(of: image).path)
            #expect(await Self.refusal(of: image, fetcher) == .imageFetching)
            try await eventually("the file") { await Self.refusal(of: image, fetcher) == nil }
        }
    }

    @Test("A source that was replaced is fetched at the next SIGHUP; one that is no image is named")
    func replaced() async throws {
        try await Self.with { site, store, fetcher in
            let location = try site.source()
            let id = try await Self.list([location], store, fetcher)
            let before = try await Self.facts(of: id, store)
            try site.source(bytes: 1 << 20, at: 1_700_000_009)
            _ = try await Self.list([location], store, fetcher)
            try await eventually("the new facts") { try await store.imageRegistration(id)?.facts?.fileBytes == 1 << 20 }
            #expect(try await store.imageRegistration(id)?.facts?.fingerprint != before.fingerprint)

            let text = try site.source("text", bytes: 1024)
            try write(Array("<html>".utf8), text.path)
            let other = try await Self.list([location, text], store, fetcher)
            try await eventually("the reason") {
                try await store.imageRegistration(other)?.reason.contains("is a web page") == true
            }
        }
    }

    /// Lists images as the loader does, and returns the last one's number.
    private static func list(
        _ locations: [ImageLocation],
        _ store: Store,
        _ fetcher: ImageFetcher
    ) async throws -> ImageID {
        let listings = locations.map { ImageListing(name: "disk", location: $0) }
        let ids = try await store.register(
            images: listings.map {
                ImageRegistration(path: $0.location.description, name: $0.name, fetching: "not fetched yet")
            }
        )
        await fetcher.update(listings)
        return try #require(ids.last)
    }

    /// Why an image's file cannot be had; nil where it can.
    private static func refusal(of image: ImageFile, _ fetcher: ImageFetcher) async -> FailureCode? {
        do throws(Failure) {
            _ = try await fetcher.file(of: image)
            return nil
        } catch {
            return error.code
        }
    }

    private static func facts(of id: ImageID, _ store: Store) async throws -> ImageRegistration.Facts {
        try await eventually("the image") { try await store.imageRegistration(id)?.facts != nil }
        return try #require(try await store.imageRegistration(id)?.facts)
    }

    private static func record(of id: ImageID, _ store: Store) async throws -> [String: String] {
        try await store.redis.send(["HGETALL", store.keys.image(id)]).map ?? [:]
    }

    private static func with(_ body: (FetchFixture, Store, ImageFetcher) async throws -> Void) async throws {
        try await FetchFixture.with { site in
            let server = try await RedisServer.started()
            let store = Store(redis: RedisClient(configuration: server.configuration), keys: Keys())
            let fetcher = ImageFetcher(
                cache: site.cache,
                ssh: site.ssh,
                store: store,
                worker: "w",
                backoff: Backoff(base: .milliseconds(100), limit: .milliseconds(200)),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            let run = Task { await fetcher.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body(site, store, fetcher)) } catch { result = .failure(error) }
            run.cancel()
            await run.value
            await store.redis.shutdown()
            try await server.stop()
            try result.get()
        }
    }
}
