import Foundation
import TestKit
import Testing

@Suite("Clients that misbehave on real connections")
struct ConnectionFaultTests {
    private static let token = ["HVC_API_TOKEN": "s3cret-and-long-enough-for-anybody"]
    private static let authorization = "Authorization: Bearer s3cret-and-long-enough-for-anybody\r\n"

    @Test("More connections than descriptors end neither the gateway nor its service", arguments: [64, 256])
    func descriptors(limit: Int) async throws {
        try await LiveGateway.with(Self.token, descriptors: limit) { (gateway) async throws in
            var idle: [RawClient] = []
            for _ in 0..<limit + 100 { idle.append(try await RawClient(port: gateway.port)) }
            for client in idle.suffix(8) { try await client.send("GET /vm/types HTTP/1.1\r\nHost: a\r\n\r\n") }
            for _ in 0..<5 { #expect(try await gateway.http.call("/healthz", within: 10).status == 200) }
            try await eventually("idle connections to be closed") { idle.count { !$0.isOpen } > 100 }
            #expect(gateway.process.exit == nil)
            for client in idle { await client.close() }
            #expect(try await gateway.http.call("/readyz", within: 10).status == 200)
        }
    }

    @Test("Who has no token is refused by the head alone, and does not keep the connection with a body that trickles")
    func unauthorizedBodies() async throws {
        try await LiveGateway.with(Self.token) { (gateway) async throws in
            let head = "POST /v1/vms HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\nx"
            var clients: [RawClient] = []
            for _ in 0..<50 {
                clients.append(try await RawClient(port: gateway.port))
                try await clients.last?.send(head)
            }
            try await eventually("all to be refused") { clients.allSatisfy { $0.received.hasPrefix("HTTP/1.1 401 ") } }
            try await eventually("all to be closed") { clients.allSatisfy { !$0.isOpen } }
            // Nor is the body of a call that anybody may make read.
            let health = try await RawClient(port: gateway.port)
            try await health.send("POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\nx")
            try await eventually("a call without a body to be answered") { health.received.hasPrefix("HTTP/1.1 405 ") }
        }
    }

    @Test("100 Continue is sent to who may go on; others get their answer at once")
    func expectation() async throws {
        try await LiveGateway.with(Self.token) { (gateway) async throws in
            let head = "POST /v1/placements:dry-run HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
            let stranger = try await RawClient(port: gateway.port)
            try await stranger.send(head + "Content-Length: 2\r\n\r\n")
            try await eventually("a refusal") { stranger.received.hasPrefix("HTTP/1.1 401 ") }
            let large = try await RawClient(port: gateway.port)
            try await large.send(head + Self.authorization + "Content-Length: 100000\r\n\r\n")
            try await eventually("a refusal") { large.received.hasPrefix("HTTP/1.1 413 ") }
            let client = try await RawClient(port: gateway.port)
            try await client.send(head + Self.authorization + "Content-Length: 2\r\n\r\n")
            try await eventually("100 Continue") { client.received == "HTTP/1.1 100 Continue\r\n\r\n" }
            try await client.send("{}")
            try await eventually("the answer") { client.received.contains("HTTP/1.1 400 ") }
            #expect(client.isOpen)
        }
    }

    @Test("Bodies beyond the memory for them wait for nobody: 503 with Retry-After")
    func bodies() async throws {
        try await LiveGateway.with(Self.token) { (gateway) async throws in
            let head = "POST /v1/vms HTTP/1.1\r\nHost: a\r\n" + Self.authorization + "Content-Length: 65536\r\n\r\nx"
            var clients: [RawClient] = []
            for _ in 0..<257 {
                clients.append(try await RawClient(port: gateway.port))
                try await clients.last?.send(head)
            }
            try await eventually("one to be refused") { clients.count { $0.received.hasPrefix("HTTP/1.1 503 ") } == 1 }
            let refused = try #require(clients.first { !$0.received.isEmpty })
            #expect(refused.received.contains("Retry-After: ") && refused.received.contains("overloaded"))
            for client in clients { await client.close() }
            try await eventually("the memory to come back") {
                let again = try await gateway.http.call(
                    "/v1/vms",
                    method: "POST",
                    headers: ["Authorization": "Bearer s3cret-and-long-enough-for-anybody"],
                    body: "{}"
                )
                return again.status == 400
            }
        }
    }

    @Test("A body that trickles does not hold up a stop")
    func stop() async throws {
        try await LiveGateway.with { (gateway) async throws in
            let client = try await RawClient(port: gateway.port)
            try await client.send("POST /v1/vms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\nx")
            let head = try await RawClient(port: gateway.port)
            try await head.send("GET /healthz HTT")
            #expect(try await gateway.http.call("/healthz").status == 200)
            gateway.process.signal(SIGTERM)
            #expect(try await gateway.process.waitForExit(within: .seconds(6)) == .status(0))
            // What was sent before the end may still be on its way.
            try await eventually("the answer to the body") { client.received.hasPrefix("HTTP/1.1 408 ") }
        }
    }

    @Test("Without a token only names of this machine are served: a page cannot come in under its own name")
    func rebinding() async throws {
        try await LiveGateway.with { (gateway) async throws in
            for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", ""] {
                for path in ["/vm/destroy?vmid=1", "/v1/pms/1", "/healthz"] {
                    let answer = try await gateway.http.call(path, headers: ["Host": host.isEmpty ? ";" : host])
                    #expect(answer.status == 421 || answer.status == 400, "\(host): \(answer)")
                    #expect(answer.headers["x-hvc-reason"]?.isEmpty == false)
                }
            }
            let refused = try await gateway.http.call("/vm/types", headers: ["Host": "evil.example"])
            #expect(refused.headers["x-hvc-code"] == "misdirected_request" && refused.body == "0")
            for host in ["localhost", "localhost:1", "127.0.0.1", "[::1]:80", "hvc.localhost"] {
                #expect(try await gateway.http.call("/vm/types", headers: ["Host": host]).status == 200, "\(host)")
            }
            // The target's host is the one that counts where there is one.
            let client = try await RawClient(port: gateway.port)
            try await client.send("GET http://evil.example/vm/types HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try await eventually("a refusal") { client.received.hasPrefix("HTTP/1.1 421 ") }
        }
        try await LiveGateway.with(Self.token) { (gateway) async throws in
            #expect(try await gateway.http.call("/healthz", headers: ["Host": "gateway.example"]).status == 200)
        }
    }

    @Test("A malformed request is the client's fault: 400 with a reason, and no error in the log")
    func malformed() async throws {
        try await LiveGateway.with { (gateway) async throws in
            let post = "POST /v1/vms HTTP/1.1\r\nHost: localhost\r\n"
            let requests = [
                "GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
                post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
                post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc",
                post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "nonsense\r\n\r\n",
            ]
            for request in requests {
                let client = try await RawClient(port: gateway.port)
                try await client.send(request)
                try await eventually("\(request) to be refused") { client.received.hasPrefix("HTTP/1.1 400 ") }
                try await eventually("the connection to end") { !client.isOpen }
                #expect(client.received.contains("X-HVC-Reason: "), "\(client.received)")
            }
            #expect(!gateway.process.text.contains(" error hvc-gateway"))
        }
    }
}
