import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("Connections that are cut between a request and its answer")
struct CutConnectionTests {
    private static let cuts = 40

    private func request(_ number: Int) -> String {
        let body = #"{"name":"vm-\#(number)","instance_type":1,"image_id":100}"#
        return "POST /v1/vms HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: key-\(number)\r\n"
            + "X-Request-Id: request-\(number)\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
    }

    /// Repeats a request until it is answered, as a client does that does not know what became of it.
    private func repeated(_ number: Int, _ gateway: LiveGateway) async throws -> JobAccepted {
        let body = #"{"name":"vm-\#(number)","instance_type":1,"image_id":100}"#
        let headers = ["Idempotency-Key": "key-\(number)"]
        let answer = try await gateway.http.call("/v1/vms", method: "POST", headers: headers, body: body)
        #expect(answer.status == 202, "\(answer)")
        return try JSONDecoder().decode(JobAccepted.self, from: Data(answer.body.utf8))
    }

    @Test("Wherever the connection is cut, the client that repeats its request has one VM, and knows it")
    func cut() async throws {
        try await LiveGateway.with { (gateway) async throws in
            try await gateway.fill()
            for number in 1...Self.cuts {
                let text = request(number)
                // From nothing of the request to all of it, and then at once, or when the answer begins.
                let sent = min(text.utf8.count, text.utf8.count * number / (Self.cuts * 3 / 4))
                let client = try await RawClient(port: gateway.port)
                try await client.send(String(decoding: Array(text.utf8.prefix(sent)), as: UTF8.self))
                if number % 5 == 0, sent == text.utf8.count {
                    try await eventually("an answer to begin") { !client.received.isEmpty }
                }
                await client.close()
            }
            for number in 1...Self.cuts {
                let first = try await repeated(number, gateway)
                #expect(try await repeated(number, gateway).job.id == first.job.id)
                #expect(first.vm?.name == "vm-\(number)")
            }
            let redis = gateway.store.redis
            #expect(try await redis.send(["ZCARD", "hvc:vms"]).int == Self.cuts)
            #expect(try await redis.send(["HGET", "hvc:counters", "vm"]).int == Self.cuts)
        }
    }

    @Test("A gateway that dies behind the acceptance has accepted once: the next one answers the repetition")
    func killed() async throws {
        for point in ["gateway.accepting", "gateway.accepted"] {
            try await LiveGateway.with(["HVC_TEST_CRASH": point]) { (gateway) async throws in
                try await gateway.fill()
                let client = try await RawClient(port: gateway.port)
                try await client.send(request(1))
                _ = try await gateway.process.waitForExit(within: .seconds(20))
                try await LiveGateway.with(on: gateway.server) { (next) async throws in
                    let answer = try await repeated(1, next)
                    #expect(answer.job.id.value == 1 && answer.vm?.id.value == 1)
                    #expect(try await next.store.redis.send(["ZCARD", "hvc:vms"]).int == 1)
                }
            }
        }
    }
}
