import Synchronization
import TestKit
import Testing

@testable import CLI

@Suite("The console of a VM from far away")
struct ConsoleTests {
    private func session(_ server: CannedServer) throws -> Session {
        Session(
            server: try Server(address: server.base, token: nil),
            project: nil,
            format: .table,
            columns: nil,
            hasHeader: true,
            terminal: Terminal(hasOutput: false, hasMessages: false, hasInput: false, hasColor: false)
        )
    }

    private func answer(_ status: String, _ body: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func stream(from offset: Int, _ chunks: String) -> String {
        "HTTP/1.1 200 OK\r\nX-HVC-Console-Offset: \(offset)\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)"
    }

    @Test("What is read goes on at the next byte where it breaks, or the gateway ends it; it ends with the VM")
    func goesOn() async throws {
        let server = try await CannedServer(answers: [
            stream(from: 10, "5\r\nhello\r\n"), stream(from: 15, "1\r\n,\r\n0\r\n\r\n"), answer("503 Busy", "{}"),
            stream(from: 16, "6\r\n world\r\n0\r\n\r\n"), answer("404 None", #"{"code":"unknown_vm","detail":"gone"}"#),
        ])
        let reader = ConsoleReader(vm: "7", offset: -2048, follows: true, pause: .zero)
        let text = Mutex("")
        try await reader.read(in: session(server)) { bytes in
            text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
        }
        #expect(text.withLock { $0 } == "hello, world")
        let targets = server.requests.map { $0.prefix { $0 != "&" } }
        #expect(
            targets == [-2048, 15, 16, 16, 22].map { "GET /v1/vms/7/console?offset=\($0)"[...] },
            "\(targets)"
        )
        try await server.stop()
    }

    @Test("A VM that is not there is said at once")
    func unknown() async throws {
        let server = try await CannedServer(answer("404 None", #"{"code":"unknown_vm","detail":"there is no VM 7"}"#))
        let reader = ConsoleReader(vm: "7", offset: nil, follows: true, pause: .zero)
        await #expect(throws: CommandFailure.self) { try await reader.read(in: session(server)) { _ in } }
        try await server.stop()
    }

    @Test("What is typed goes in order, a request at a time; too much is refused, and a refusal drops what follows")
    func typed() async throws {
        let busy = answer("409 Busy", #"{"code":"console_busy","detail":"'ann' writes to the console of VM 7"}"#)
        let written = answer("200 OK", #"{"bytes":3,"writer":"local/hvctl-1","until":"2026-01-01T00:00:00Z"}"#)
        let server = try await CannedServer(answers: [written, busy, busy, written])
        let session = try session(server)
        let writer = ConsoleWriter(vm: "7")
        #expect(writer.send(Array("a".utf8)) && writer.send(Array("b\r".utf8)))
        #expect(!writer.send([UInt8](repeating: 0x78, count: ConsoleWriter.most)))

        let said = Mutex<[String]>([])
        let run = Task { await writer.run(in: session) { text in said.withLock { $0.append(text) } } }
        func isSent(_ number: Int, _ bytes: String) async throws {
            try await eventually("request \(number)") {
                server.requests.count == number && server.requests[number - 1].hasSuffix("\r\n\r\n\(bytes)")
            }
        }
        try await isSent(1, "ab\r")
        #expect(server.requests[0].hasPrefix("POST /v1/vms/7/console/input?writer=hvctl-"))
        #expect(server.requests[0].contains("Content-Type: application/octet-stream"))
        #expect(!server.requests[0].contains("take="))

        _ = writer.send(Array("c".utf8))
        try await eventually("the refusal") { said.withLock { $0.count } == 1 }
        _ = writer.send(Array("d".utf8))
        try await isSent(3, "d")
        writer.takeOver()
        _ = writer.send(Array("e".utf8))
        try await isSent(4, "e")
        #expect(server.requests[3].contains("&take=true "))
        try await eventually("who has the keyboard") { said.withLock { $0.count } == 2 }
        #expect(
            said.withLock { $0 } == [
                "'ann' writes to the console of VM 7; ~w takes the keyboard",
                "'local/hvctl-1' has the keyboard until 2026-01-01T00:00:00Z, unless it writes more",
            ]
        )
        run.cancel()
        await run.value
        try await server.stop()
    }
}
