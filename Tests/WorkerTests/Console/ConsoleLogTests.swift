import Foundation
import Logging
import Model
import NIOConcurrencyHelpers
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

@Suite("A console's log read over ssh", .serialized, .timeLimit(.minutes(2)))
struct ConsoleLogTests {
    private struct Site {
        let store: Store
        let vm: VMID
        let log: RotatedLog
        let reader: ConsoleLog
        let server: SSHServer
        let path: String
    }

    /// A VM whose log lies behind a real sshd, in a folder with a name that no shell may take apart.
    private func with(
        full: Int = 1000,
        shell: String? = nil,
        _ body: (Site) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory(prefix: "console")
        let folder = directory.file("it's $HOME \"x\" 50%\\n")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let server = try await SSHServer.started(SSHServer.Options(shell: shell))
        let redis = try await RedisServer.started()
        let store = Store(redis: RedisClient(configuration: redis.configuration))
        _ = try await store.redis.send(["HSET", "hvc:vm:1", "id", "1"])
        let vm = try #require(VMID(1))
        let ssh = SSHConfiguration(configFile: try server.clientConfig(), controlDirectory: directory.file("s"))
        let path = folder + "/hvc-1-console.log"
        let shell = RemoteShell(to: try SSHDestination(server.address), configuration: ssh)
        let site = Site(
            store: store,
            vm: vm,
            log: RotatedLog(path, full: full),
            reader: ConsoleLog(vm: vm, path: path, shell: shell, store: store),
            server: server,
            path: path
        )
        try await body(site)
        await store.redis.shutdown()
        try await redis.stop()
        try await server.stop()
        directory.remove()
    }

    /// Bytes of which no two places look alike.
    private func numbers(_ range: Range<Int>) -> [UInt8] {
        Array(range.map { "\($0)\r\n" }.joined().utf8) + [0, 255, 27]
    }

    private func pages(_ site: Site, from offset: Int, limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let (page, _) = try await site.reader.page(from: .offset(offset + bytes.count), limit: limit)
            #expect(page.offset == offset + bytes.count)
            if page.bytes.isEmpty { return bytes }
            bytes += page.bytes
        }
    }

    @Test("Every byte that is kept is at its offset, whatever names the files have got")
    func pages() async throws {
        try await with { site in
            let none = try await site.reader.page(from: .boot, limit: 100).page
            #expect(none.bytes.isEmpty && none.size == 0)
            var next = 0
            for count in [50, 200, 10, 400, 100, 300, 300] {
                site.log.write(numbers(next..<(next + count)))
                next += count
                let page = try await site.reader.page(from: .last(20), limit: 100).page
                #expect(page.size == site.log.written.count && page.first == site.log.first)
                #expect(page.bytes == site.log.written.suffix(20))
                let all = try await pages(site, from: page.first, limit: 700)
                #expect(all == Array(site.log.written[page.first...]))
            }
            #expect(site.log.first > 0)
            for offset in [site.log.first - 1, site.log.written.count + 1] {
                let failure = await #expect(throws: Failure.self) {
                    try await site.reader.page(from: .offset(offset), limit: 10)
                }
                #expect(failure?.code == .offsetNotKept)
                #expect(failure?.message.contains("from offset \(site.log.first) to \(site.log.written.count)") == true)
            }
            // The run that begins now is another one, and what was before it is still there.
            try await site.reader.noteBoot()
            let size = site.log.written.count
            site.log.write(numbers(0..<10))
            let boot = try await site.reader.page(from: .boot, limit: 1000).page
            #expect(boot.boot == 2 && boot.offset == size && boot.bytes == Array(site.log.written[size...]))
        }
    }

    @Test("What is followed while files are renamed comes once, in order, to the last byte")
    func follow() async throws {
        try await with(full: 20_000) { site in
            site.log.write(numbers(0..<100))
            let chain = try await site.reader.look().chain
            let start = 13
            let place = try #require(chain.place(of: start))
            let taken = NIOLockedValueBox([UInt8]())
            let reader = site.reader
            let following = Task {
                try await reader.follow(from: place, rounds: 40) { (bytes) async throws(Failure) in
                    taken.withLockedValue { $0 += bytes }
                }
            }
            // Faster than it is followed, so that files fill up between two looks.
            for step in 0..<60 {
                site.log.write(numbers((step * 300)..<(step * 300 + 300)))
                try await Task.sleep(for: .milliseconds(50))
            }
            let wanted = site.log.written.count - start
            try await eventually("all of it") { taken.withLockedValue(\.count) >= wanted }
            #expect(taken.withLockedValue { $0 } == Array(site.log.written[start...]))
            #expect(site.log.first > 0)
            following.cancel()
            _ = await following.result
        }
    }

    @Test("A worker goes on where another has ended, and readers lose and repeat no byte")
    func relays() async throws {
        try await with(full: 50_000) { site in
            _ = try await site.store.follow(consoleOf: site.vm, for: .seconds(60))
            let (store, vm, reader) = (site.store, site.vm, site.reader)
            func relay(_ holder: String) -> Task<Void, any Error> {
                Task {
                    _ = try await store.holdConsole(of: vm, by: holder, for: .seconds(6))
                    await ConsoleRelay(
                        vm: vm,
                        store: store,
                        holder: holder,
                        logger: Logger(label: "test"),
                        log: { () async throws(Failure) in reader }
                    ).run()
                }
            }
            var (received, position) = ([UInt8](), "0-0")
            func take(until count: Int) async throws {
                try await eventually("\(count) bytes", deadline: .seconds(30)) {
                    let next = try await site.store.consolePieces(of: site.vm, after: position, waiting: .seconds(1))
                    position = next.position
                    for piece in next.pieces {
                        #expect(piece.offset == received.count)
                        received += piece.bytes
                    }
                    return received.count >= count
                }
            }
            var worker = relay("w1")
            try await eventually("its beginning") { try await site.store.relayedEnd(ofConsoleOf: site.vm) != nil }
            for holder in ["w2", "w3"] {
                for step in 0..<20 {
                    site.log.write(numbers((step * 200)..<(step * 200 + 200)))
                    try await Task.sleep(for: .milliseconds(20))
                }
                try await take(until: site.log.written.count / 2)
                // It dies with its right, which runs out.
                worker.cancel()
                _ = await worker.result
                _ = try await site.store.redis.send(["DEL", "hvc:lock:console:1"])
                site.log.write(numbers(0..<500))
                worker = relay(holder)
            }
            try await take(until: site.log.written.count)
            #expect(received == site.log.written)
            _ = try await site.store.redis.send(["DEL", "hvc:console:readers:1"])
            // Nobody reads: it ends by itself.
            try await within(.seconds(20)) { [worker] in _ = await worker.result }
        }
    }

    @Test(
        "A log that may not be read, and shells and profiles of other kinds",
        arguments: ["bash", "busybox sh", "noise"]
    )
    func shells(_ shell: String) async throws {
        let command =
            shell == "noise"
            ? "echo Welcome; printf 'no line end'; sh -c \"$SSH_ORIGINAL_COMMAND\""
            : "\(shell) -c \"$SSH_ORIGINAL_COMMAND\""
        try await with(shell: command) { site in
            site.log.write(numbers(0..<300))
            let all = try await pages(site, from: 0, limit: 800)
            #expect(all == site.log.written)
            // Root may read all: as for another user, its folder is not to be entered.
            try FileManager.default.removeItem(atPath: (site.path as NSString).deletingLastPathComponent)
            let failure = await #expect(throws: Failure.self) { try await site.reader.look() }
            #expect(failure?.code == .hypervisor && failure?.message.contains("setfacl") == true)
        }
    }
}
