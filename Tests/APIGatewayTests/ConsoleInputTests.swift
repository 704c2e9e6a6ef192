import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Writing to the console of a VM by HTTP, and waiting for what it writes", .timeLimit(.minutes(1)))
struct ConsoleInputTests {
    private func with(
        _ settings: [String: String] = [:],
        _ body: @escaping @Sendable (InProcessGateway, PlayedConsole) async throws -> Void
    ) async throws {
        try await InProcessGateway.with(settings) { gateway in
            try await gateway.fill()
            let create = #"{"name":"web","instance_type":1,"image_id":100}"#
            let headers = settings["HVC_API_TOKEN"].map { ["Authorization": "Bearer \($0)"] } ?? [:]
            async let answer = gateway.http.call("/v1/vms?wait=20", method: "POST", headers: headers, body: create)
            try await gateway.work(left: [])
            let made = try await answer
            #expect(made.status == 201, "\(made)")
            let console = PlayedConsole(of: try #require(VMID(1)), in: gateway.store)
            let worker = Task { try await console.run() }
            defer { worker.cancel() }
            try await body(gateway, console)
        }
    }

    private static let path = "/v1/vms/web/console"

    @Test("One writer at a time has the right to; another one learns who, and may take it over")
    func writers() async throws {
        try await with { gateway, console in
            func write(_ bytes: [UInt8], _ query: String = "") async throws -> HTTPAnswer {
                try await gateway.http.call("\(Self.path)/input\(query)", method: "POST", bytes: bytes)
            }
            let first = try await write([3, 0, 255, 10])
            #expect(first.status == 200, "\(first)")
            let answer = try JSONDecoder().decode(ConsoleInputResponse.self, from: Data(first.body.utf8))
            #expect(answer.bytes == 4 && answer.writer == "local")
            #expect(try await write(Array("b".utf8)).status == 200)
            let refused = try await write([1], "?writer=ann")
            #expect(refused.status == 409 && refused.headers["x-hvc-code"] == "console_busy", "\(refused)")
            #expect(refused.body.contains("'local' writes to the console of VM 1 until 20"))
            #expect(try await write([7], "?writer=ann&take=true").status == 200)
            #expect(try await write([1]).body.contains("'local/ann' writes"))
            #expect(console.input.map { $0.bytes } == [[3, 0, 255, 10], [98], [7]])
            #expect(console.input.map { $0.isForced } == [false, false, true])
            #expect(try await write([]).status == 400)
            #expect(try await write([UInt8](repeating: 7, count: 65_537)).status == 413)
            _ = try await gateway.store.redis.send(["HSET", "hvc:vm:1", "state", "stopped"])
            let off = try await write([1], "?writer=ann")
            #expect(off.status == 409 && off.headers["x-hvc-code"] == "wrong_state", "\(off)")
        }
    }

    @Test("A request to the guest's kernel is a key, and one alone")
    func keys() async throws {
        try await with { gateway, console in
            let path = "\(Self.path):break"
            let answer = try await gateway.http.call(path, method: "POST", body: #"{"key":"b"}"#)
            #expect(answer.status == 200 && console.keys == "b", "\(answer)")
            for key in ["", "bb", "B", "ü", " "] {
                let refused = try await gateway.http.call(path, method: "POST", body: #"{"key":"\#(key)"}"#)
                #expect(refused.status == 400, "\(key)")
            }
        }
    }

    @Test("A wait for a text ends when it is there, also in two pieces; what was of the run before does not count")
    func waits() async throws {
        try await with { gateway, console in
            func wait(_ text: String, _ seconds: Int) async throws -> HTTPAnswer {
                try await gateway.http.call("/v1/vms/web?wait_for=console&console_match=\(text)&wait=\(seconds)")
            }
            try await console.write(Array("login: old".utf8), isRelayed: false)
            console.restart(keepingFrom: 0)
            let none = try await wait("old", 1)
            #expect(none.body.contains(#""result":"timeout""#), "\(none)")
            async let answer = wait("login:", 20)
            try await eventually("a reader") { gateway.consoles.readerCount == 1 }
            try await console.write(Array("boot\nlog".utf8))
            try await console.write(Array("in: ".utf8))
            let found = try await answer
            #expect(found.body.contains(#""reached":true"#) && found.body.contains(#""level":"console""#), "\(found)")
            #expect(gateway.consoles.readerCount == 0)
            // What is there already.
            #expect(try await wait("boot", 20).body.contains(#""reached":true"#))
            async let gone = wait("never", 20)
            try await eventually("a reader") { gateway.consoles.readerCount == 1 }
            async let destroy = gateway.http.call("/v1/vms/web?wait=20", method: "DELETE")
            try await gateway.work(left: [])
            let (destroyed, ended) = (try await destroy, try await gone)
            #expect(destroyed.status == 200 && ended.body.contains(#""result":"impossible""#), "\(ended)")
            for query in ["wait_for=console", "wait_for=running&console_match=a", "console_match=a"] {
                #expect(try await gateway.http.call("/v1/vms/1?\(query)").status == 400, "\(query)")
            }
        }
    }

    @Test("Consoles are for operators: a viewer neither reads one, nor waits for what is in it")
    func rights() async throws {
        let admin = "0123456789abcdef"
        try await with(["HVC_API_TOKEN": admin]) { gateway, console in
            try await console.write(Array("secret".utf8))
            let made = try await gateway.http.call(
                "/v1/tokens",
                method: "POST",
                headers: ["Authorization": "Bearer \(admin)"],
                body: #"{"name":"v","role":"viewer"}"#
            )
            let token = try JSONDecoder().decode(NewTokenResponse.self, from: Data(made.body.utf8)).token
            for path in [Self.path, "/v1/vms/web?wait_for=console&console_match=secret&wait=5"] {
                let answer = try await gateway.http.call(path, headers: ["Authorization": "Bearer \(token)"])
                #expect(answer.status == 403, "\(path): \(answer)")
            }
        }
    }
}
