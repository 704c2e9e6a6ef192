import Foundation
import Model
import TestKit
import Testing

@testable import Worker

@Suite("Fetching images from other machines")
struct ImageFetchTests {
    @Test(
        "A file arrives whole whatever its name, its machine's shell, and what login profiles print",
        arguments: ["sh", "busybox sh", "bash", "dash"]
    )
    func whole(shell: String) async throws {
        try await FetchFixture.with { site in
            try site.set("sh", content: shell)
            try site.set("noisy")
            for name in ["a b'c\"$(touch pwned)`touch pwned`;&|é\\0101%s!.raw", "-n", "~", "plain.raw"] {
                let location = try site.source(name, bytes: (1 << 20) + 512)
                let result = try await site.fetched(location)
                try site.expectWhole(result, location)
                #expect(result.checksum == (try await sha256(location.path)))
            }
            #expect(!FileManager.default.fileExists(atPath: site.directory.file("there/pwned")))
        }
    }

    @Test("What the cache has is not fetched again")
    func cached() async throws {
        try await FetchFixture.with { site in
            let location = try site.source()
            _ = try await site.fetched(location)
            let again = try await site.fetched(location) { _ in Issue.record("it is fetched") }
            #expect(again.checksum == nil)
            #expect(try site.reads() == ["0"])
        }
    }

    @Test("A fetch whose connection is cut goes on where it was, while the source is what it was")
    func resumed() async throws {
        try await FetchFixture.with { site in
            let location = try site.source()
            try site.set("cut")
            try await site.expectFailure(location, "closed the connection")
            let result = try await site.fetched(location)
            try site.expectWhole(result, location)
            #expect(try site.reads() == ["0", "3"])
        }
    }

    @Test("Where the source changed meanwhile, the fetch begins anew and leaves nothing of before")
    func changedBetween() async throws {
        try await FetchFixture.with { site in
            let location = try site.source()
            try site.set("cut")
            try await site.expectFailure(location, "closed the connection")
            try site.source(letter: "C", at: 1_700_000_001)
            let result = try await site.fetched(location)
            try site.expectWhole(result, location)
            #expect(try site.reads() == ["0", "0"])
            let names = try FileManager.default.contentsOfDirectory(atPath: site.cache.folder(of: location))
            #expect(names.count == 2, "\(names)")
        }
    }

    @Test("A source that changes during the fetch is refused, and fetched anew")
    func changedDuring() async throws {
        try await FetchFixture.with { site in
            let location = try site.source()
            try site.set("touched", content: location.path)
            try await site.expectFailure(location, "changed while it was fetched")
            try site.expectWhole(try await site.fetched(location), location)
        }
    }

    @Test("Bytes that changed on their way are found by the checksum, discarded, and fetched anew")
    func wrongChecksum() async throws {
        try await FetchFixture.with { site in
            let location = try site.source()
            try site.set("spoiled")
            try await site.expectFailure(location, "has not the checksum of its source")
            let result = try await site.fetched(location)
            try site.expectWhole(result, location)
            #expect(try site.reads() == ["0", "0"])
        }
    }

    @Test("A source that sends nothing for too long is given up; what came stays")
    func stalled() async throws {
        try await FetchFixture.with { site in
            let location = try site.source()
            try site.set("stalled")
            try await site.expectFailure(location, "sent nothing", stallLimit: .seconds(2))
            try site.expectWhole(try await site.fetched(location), location)
            #expect(try site.reads() == ["0", "1"])
        }
    }

    @Test("What is no file that can be read is named")
    func noFile() async throws {
        try await FetchFixture.with { site in
            let machine = try SSHDestination(site.server.address)
            let none = ImageLocation.remote(machine, path: "/nowhere/x.raw")
            try await site.expectFailure(none, "is not there")
            try await site.expectFailure(.remote(machine, path: "/tmp"), "is no regular file")
            try site.set("away")
            try await site.expectFailure(none, "machine_unreachable")
        }
    }

    @Test("Of several workers that want one image at once one fetches it, and the others are free for other images")
    func together() async throws {
        try await FetchFixture.with { site in
            let location = try site.source()
            try site.set("slow")
            let fetch = try site.fetch(location)
            let results = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<3 { group.addTask { try await fetch.run { _ in }?.copy.path } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.compactMap { $0 }.count == 1)
            #expect(try site.reads() == ["0"])
            #expect(try await site.fetched(location).copy.path == results.compactMap { $0 }.first)
            #expect(try site.reads() == ["0"])
        }
    }

    @Test("The cache keeps to its bound: what is used least goes first, and never what is in use")
    func bounded() async throws {
        try await FetchFixture.with(limit: 5 << 19) { site in
            var copies: [String: CachedImage] = [:]
            func fetch(_ name: String) async throws {
                let location = try site.source(name, bytes: 1 << 20)
                copies[name] = try await site.fetched(location).copy
            }
            func isThere(_ name: String) -> Bool {
                copies[name].map { FileManager.default.fileExists(atPath: $0.path) } ?? false
            }
            try await fetch("a")
            try await fetch("b")
            // Both are in use.
            await #expect(throws: Failure.self) { try await fetch("c") }
            #expect(isThere("a") && isThere("b"))
            let paths = copies.mapValues(\.path)
            copies = [:]
            // A is used again, so B is what is used least.
            _ = site.cache.use(
                try site.source("a", bytes: 1 << 20),
                fingerprint: (paths["a"] as NSString?)?.lastPathComponent ?? ""
            )
            try await fetch("c")
            #expect(FileManager.default.fileExists(atPath: paths["a"] ?? ""))
            #expect(!FileManager.default.fileExists(atPath: paths["b"] ?? ""))
            try await site.expectFailure(try site.source("d", bytes: 3 << 20), "HVC_IMAGE_CACHE_GIB")
            #expect(isThere("c"))
        }
    }

    @Test("A folder in which others may write is no cache")
    func foreignFolder() async throws {
        try await FetchFixture.with { site in
            let location = try site.source()
            try FileManager.default.createDirectory(atPath: site.cache.folder, withIntermediateDirectories: true)
            chmod(site.cache.folder, 0o777)
            try await site.expectFailure(location, "may be written by others")
        }
    }

    private func sha256(_ path: String) async throws -> String {
        let process = try ChildProcess("sh", ["-c", #"sha256sum <"$1""#, "sh", path])
        try #require(try await process.waitForExit() == .status(0))
        return String(process.text.prefix(64))
    }
}
