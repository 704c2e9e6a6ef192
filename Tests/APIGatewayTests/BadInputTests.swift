import Foundation
import RedisClient
import Store
import TestKit
import Testing

@Suite("Bad input gets the fixed answer of its call, a status and a reason, and leaves nothing")
struct BadInputTests {
    @Test("Every bad call")
    func calls() async throws {
        let long = String(repeating: "x", count: 300)
        let ok = "instance_type=1&image_id=100"
        let create = #"{"vmid":0}"#
        let destroy = #"{"status":0}"#
        let cases: [(path: String, status: Int, code: String, body: String)] = [
            ("/vm/create", 400, "invalid_request", create),
            ("/vm/create?\(ok)", 400, "invalid_request", create),
            ("/vm/create?name=&\(ok)", 400, "invalid_request", create),
            ("/vm/create?name=a&name=b&\(ok)", 400, "invalid_request", create),
            ("/vm/create?name=a&\(ok)&size=3", 400, "invalid_request", create),
            ("/vm/create?name=\(long)&\(ok)", 400, "invalid_request", create),
            ("/vm/create?name=a%0Ab&\(ok)", 400, "invalid_request", create),
            ("/vm/create?name=a%00b&\(ok)", 400, "invalid_request", create),
            ("/vm/create?name=%FF&\(ok)", 400, "invalid_request", create),
            ("/vm/create?name=a%E2%80%AEb&\(ok)", 400, "invalid_request", create),
            ("/vm/create?name=a%E2%80%8B&\(ok)", 400, "invalid_request", create),
            ("/vm/create?name=+&\(ok)", 400, "invalid_request", create),
            ("/vm/create?name=%2&\(ok)", 400, "invalid_request", create),
            ("/vm/create?name=a&instance_type=-1&image_id=100", 400, "invalid_request", create),
            ("/vm/create?name=a&instance_type=one&image_id=100", 400, "invalid_request", create),
            ("/vm/create?name=a&instance_type=1.0&image_id=100", 400, "invalid_request", create),
            ("/vm/create?name=a&instance_type=99999999999999999999&image_id=100", 400, "invalid_request", create),
            ("/vm/create?name=a&instance_type=77&image_id=100", 404, "unknown_type", create),
            ("/vm/create?name=a&instance_type=1&image_id=77", 404, "unknown_image", create),
            ("/vm/query", 400, "invalid_request", "0"),
            ("/vm/query?vmid=", 400, "invalid_request", "0"),
            ("/vm/query?vmid=0", 400, "invalid_request", "0"),
            ("/vm/query?vmid=77", 404, "unknown_vm", "0"),
            ("/vm/destroy", 400, "invalid_request", destroy),
            ("/vm/destroy?vmid=77", 404, "unknown_vm", destroy),
            ("/vm/types?x=1", 400, "invalid_request", "0"),
            ("/pm/listvms?pmid=77", 404, "unknown_pm", "0"),
            ("/pm/query?pmid=77", 404, "unknown_pm", "0"),
            ("/pm/query?pmid=1%20", 400, "invalid_request", "0"),
            ("/", 404, "unknown_call", "0"),
            ("/vm/reboot?vmid=1", 404, "unknown_call", "0"),
            ("/vm/../../etc/passwd", 404, "unknown_call", "0"),
            // All that is no call of ours, other versions included, but what stands under /v1/.
            ("/v1", 404, "unknown_call", "0"), ("/v2/vms", 404, "unknown_call", "0"),
        ]
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            for (path, status, code, body) in cases {
                let answer = try await gateway.http.call(path)
                #expect(answer.status == status && answer.body == body, "\(path): \(answer)")
                #expect(answer.headers["x-hvc-code"] == code, "\(path): \(answer)")
                #expect(answer.headers["x-hvc-reason"]?.isEmpty == false, "\(path): \(answer)")
            }
            for method in ["PUT", "DELETE", "PATCH"] {
                let answer = try await gateway.http.call("/vm/query?vmid=1", method: method)
                #expect(answer.status == 405 && answer.body == "0" && answer.headers["allow"] == "GET, POST")
            }
            for path in ["/healthz", "/readyz"] {
                let answer = try await gateway.http.call(path, method: "POST")
                #expect(answer.status == 405 && answer.headers["allow"] == "GET", "\(path): \(answer)")
            }
            #expect(try await gateway.store.redis.send(["KEYS", "hvc:vm:*"]).array?.isEmpty == true)
            #expect(try await gateway.store.redis.send(["KEYS", "hvc:job:*"]).array?.isEmpty == true)
            #expect(try await gateway.store.redis.send(["LLEN", "hvc:queue"]).int == 0)
        }
    }

    @Test("A query that a call under /v1/ does not know is refused, and nothing is done")
    func unknownQuery() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            let calls = [
                ("POST", "/v1/vms?dry_run=true"), ("DELETE", "/v1/vms/1?dry_run=true"), ("GET", "/v1/capacity?x"),
                ("POST", "/v1/pms/1:cordon?dry_run=true"), ("POST", "/v1/pms/1:drain?dryrun=true"),
                ("POST", "/v1/pms/1:drain?dry_run=true&dry_run=true"),
            ]
            for (method, path) in calls {
                let answer = try await gateway.http.call(path, method: method)
                #expect(answer.status == 400, "\(path): \(answer)")
                #expect(answer.headers["x-hvc-code"] == "invalid_request", "\(path): \(answer)")
            }
            #expect(try await gateway.store.redis.send(["LLEN", "hvc:queue"]).int == 0)
        }
    }

    @Test("An answer to HEAD has no body, which a client would take for the next answer")
    func head() async throws {
        // As it comes over the wire: clients hide what they do not expect.
        let script = #"exec 3<>"/dev/tcp/127.0.0.1/$1"; printf '%s' "$2" >&3; cat <&3"#
        try await LiveGateway.with { (gateway) async throws in
            let port = try #require(URLComponents(string: gateway.http.base)?.port)
            for (path, status) in [("/v1/pms/1", 405), ("/v1/nothing", 404), ("/vm/query", 405), ("/healthz", 405)] {
                let request = "HEAD \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                let client = try ChildProcess("bash", ["-c", script, "-", "\(port)", request])
                #expect(try await client.waitForExit() == .status(0))
                let lines = client.lines.map { $0.text.trimmingCharacters(in: .whitespacesAndNewlines) }
                #expect(lines.first?.hasPrefix("HTTP/1.1 \(status) ") == true, "\(path): \(lines)")
                #expect(lines.count > 2 && lines.last == "", "\(path): \(lines)")
            }
        }
    }

    @Test("A huge body is refused with bounded memory, and the gateway goes on")
    func hugeBody() async throws {
        try await LiveGateway.with { (gateway) async throws in
            let answer = try await gateway.http.call(
                "/vm/types",
                method: "POST",
                body: String(repeating: "A", count: 1 << 20)
            )
            #expect(answer.status == 413 && answer.body == "0")
            #expect(try await gateway.http.call("/healthz").status == 200)
        }
    }
}
