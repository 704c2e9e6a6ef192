import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("The console of a VM by HTTP", .timeLimit(.minutes(1)))
struct ConsoleAPITests {
    private func with(_ body: @escaping @Sendable (LiveGateway, PlayedConsole) async throws -> Void) async throws {
        try await LiveGateway.with { gateway in
            try await gateway.fill()
            _ = try await gateway.store.enqueueCreate(
                name: "web",
                type: #require(TypeID(1)),
                image: #require(ImageID(100)),
                request: "r"
            )
            let console = PlayedConsole(of: try #require(VMID(1)), in: gateway.store)
            let worker = Task { try await console.run() }
            defer { worker.cancel() }
            try await body(gateway, console)
        }
    }

    private func open(_ gateway: LiveGateway, _ query: String, _ headers: [String] = []) async throws -> RawClient {
        let client = try await RawClient(port: gateway.port)
        let lines = headers.map { $0 + "\r\n" }.joined()
        try await client.send(
            "GET /v1/vms/web/console\(query) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(lines)\r\n"
        )
        return client
    }

    /// The bytes of a body that came in chunks, as far as they came whole.
    private func body(_ text: String) -> String {
        guard let start = text.firstRange(of: "\r\n\r\n") else { return "" }
        var rest = Array(text[start.upperBound...].utf8)[...]
        var body: [UInt8] = []
        while let end = rest.firstRange(of: [13, 10]),
            let count = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16),
            rest.distance(from: end.upperBound, to: rest.endIndex) >= count + 2
        {
            body += rest[end.upperBound..<(end.upperBound + count)]
            rest = rest[(end.upperBound + count + 2)...]
        }
        return String(decoding: body, as: UTF8.self)
    }

    private func lines(_ range: Range<Int>) -> [UInt8] { Array(range.map { "line \($0)\n" }.joined().utf8) }

    @Test("What is kept is read from the present run on, from an offset, or from the end, and says where it is")
    func read() async throws {
        try await with { gateway, console in
            let path = "/v1/vms/1/console"
            let none = try await gateway.http.call(path)
            #expect(none.status == 200 && none.body.isEmpty && none.headers["x-hvc-console-size"] == "0")
            try await console.write(lines(0..<40_000), isRelayed: false)
            let size = console.written.count
            let all = try await gateway.http.call(path)
            #expect(all.body.utf8.elementsEqual(console.written))
            #expect(all.headers["content-type"] == "application/octet-stream")
            #expect(all.headers["x-hvc-console-offset"] == "0" && all.headers["x-hvc-console-size"] == "\(size)")
            let tail = try await gateway.http.call(path + "?offset=-11")
            #expect(tail.body == "line 39999\n" && tail.headers["x-hvc-console-offset"] == "\(size - 11)")
            console.restart(keepingFrom: 1000)
            try await console.write(Array("again".utf8), isRelayed: false)
            let boot = try await gateway.http.call(path)
            #expect(boot.body == "again" && boot.headers["x-hvc-console-boot"] == "2")
            #expect(try await gateway.http.call(path + "?offset=\(size + 5)").body.isEmpty)
            for offset in [999, size + 6] {
                let gone = try await gateway.http.call(path + "?offset=\(offset)")
                #expect(gone.status == 416 && gone.headers["x-hvc-code"] == "offset_not_kept", "\(gone)")
                #expect(gone.headers["x-hvc-console-offset"] == "1000")
                #expect(gone.headers["x-hvc-console-size"] == "\(size + 5)")
            }
            for query in ["offset=x", "offset=1x", "offset=-", "offset=", "offset=1234567890123456", "follow=1"] {
                let refused = try await gateway.http.call("\(path)?\(query)")
                #expect(refused.status == 400, "\(query): \(refused)")
            }
            #expect(try await gateway.http.call("/v1/vms/9/console").status == 404)
        }
    }

    @Test("Readers that are cut off anywhere go on at their offset: no byte is lost, none comes twice")
    func follow() async throws {
        try await with { gateway, console in
            let writing = Task {
                for step in 0..<200 {
                    try await console.write(lines((step * 20)..<(step * 20 + 20)), isRelayed: step > 5)
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            var seen: [UInt8] = []
            let total = lines(0..<4000).count
            while seen.count < total {
                let client = try await open(gateway, "?follow=true&offset=\(seen.count)")
                let wanted = min(Int.random(in: 1...6000), total - seen.count)
                try await eventually("some bytes") { body(client.received).utf8.count >= wanted }
                await client.close()
                seen += Array(body(client.received).utf8)
            }
            try await writing.value
            #expect(seen == console.written)
        }
    }

    @Test("As server-sent events, with offsets as ids; a reader goes on behind the last one that it has")
    func events() async throws {
        try await with { gateway, console in
            let bytes: [UInt8] = [0, 10, 13, 27, 0xFF, 10, 10]
            try await console.write(bytes, isRelayed: false)
            let first = try await open(gateway, "", ["Accept: text/event-stream"])
            let text = "retry: 2000\nid: 0\n\nid: 7\ndata: \(Data(bytes).base64EncodedString())\n\n"
            try await eventually("the first bytes") { body(first.received) == text }
            #expect(first.received.lowercased().contains("content-type: text/event-stream"))
            try await console.write([65], isRelayed: true)
            try await eventually("what comes") { body(first.received).hasSuffix("id: 8\ndata: QQ==\n\n") }
            let second = try await open(gateway, "?offset=0", ["Accept: text/event-stream", "Last-Event-ID: 7"])
            try await eventually("what it lacks") {
                body(second.received) == "retry: 2000\nid: 7\n\nid: 8\ndata: QQ==\n\n"
            }
            for client in [first, second] { await client.close() }
        }
    }

    @Test("However many follow, a console is read once; it ends with the VM, and for all with the gateway")
    func ends() async throws {
        try await with { gateway, console in
            try await console.write(lines(0..<10), isRelayed: true)
            var clients: [RawClient] = []
            for _ in 0..<30 { clients.append(try await open(gateway, "?follow=true")) }
            try await eventually("what is there") { clients.allSatisfy { body($0.received).hasSuffix("line 9\n") } }
            let pages = console.pages
            for step in 1..<30 { try await console.write(lines((step * 10)..<(step * 10 + 10)), isRelayed: true) }
            try await eventually("what comes") { clients.allSatisfy { body($0.received).hasSuffix("line 299\n") } }
            for client in clients { #expect(body(client.received).utf8.elementsEqual(console.written)) }
            #expect(console.pages - pages <= 30, "\(console.pages - pages)")
            _ = try await gateway.store.redis.send(["DEL", "hvc:vm:1"])
            try await eventually("the end of all") { clients.allSatisfy { $0.received.hasSuffix("0\r\n\r\n") } }
        }
    }
}

@Suite("The last bytes of a console that a gateway has")
struct ConsoleWindowTests {
    @Test("They are read from any offset among them, and what does not go on from them takes their place")
    func reading() {
        var window = ConsoleWindow()
        #expect(window.reading(after: 0) == .unknown)
        window.add(ConsolePiece(offset: 10, bytes: []))
        #expect(window.reading(after: 10) == .upToDate && window.reading(after: 9) == .unknown)
        window.add(ConsolePiece(offset: 10, bytes: [1, 2]))
        window.add(ConsolePiece(offset: 12, bytes: [3]))
        #expect(window.reading(after: 10) == .bytes([1, 2]) && window.reading(after: 11) == .bytes([2]))
        #expect(window.reading(after: 12) == .bytes([3]) && window.reading(after: 13) == .upToDate)
        #expect(window.reading(after: 14) == .unknown)
        window.add(ConsolePiece(offset: 20, bytes: [9]))
        #expect(window.reading(after: 13) == .unknown && window.reading(after: 20) == .bytes([9]))
        for number in 0..<40 {
            window.add(ConsolePiece(offset: 21 + number * 16_384, bytes: [UInt8](repeating: 7, count: 16_384)))
        }
        #expect(window.reading(after: 21) == .unknown && window.end == 21 + 40 * 16_384)
        #expect(window.reading(after: 21 + 39 * 16_384) == .bytes([UInt8](repeating: 7, count: 16_384)))
    }
}
