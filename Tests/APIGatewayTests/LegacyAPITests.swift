import Foundation
import Model
import Store
import TestKit
import Testing

@Suite("The legacy API, word for word")
struct LegacyAPITests {
    @Test("Create, query, list and destroy answer with just the keys that the legacy API has")
    func life() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            async let created = gateway.http.call("/vm/create?name=test_vm&instance_type=1&image_id=100")
            try await gateway.work()
            #expect(try await created.status == 200)
            #expect(try await created.body == #"{"vmid":1}"#)
            let expected = [
                "/vm/query?vmid=1": #"{"vmid":1,"name":"test_vm","instance_type":1,"pmid":1}"#,
                "/vm/types": #"{"types":[{"tid":1,"cpu":1,"ram":512,"disk":1},{"tid":2,"cpu":2,"ram":1024,"disk":2}]}"#,
                "/pm/list": #"{"pmids":[1]}"#,
                "/pm/listvms?pmid=1": #"{"vmids":[1]}"#,
                "/pm/query?pmid=1":
                    #"{"pmid":1,"capacity":{"cpu":4,"ram":4096,"disk":160},"free":{"cpu":3,"ram":3584,"disk":159},"vms":1}"#,
                "/image/list": #"{"images":[{"id":100,"name":"Ubuntu12.04amd64"}]}"#,
            ]
            for (path, body) in expected {
                for method in ["GET", "POST"] {
                    let answer = try await gateway.http.call(path, method: method)
                    #expect(answer.status == 200 && answer.body == body, "\(method) \(path): \(answer)")
                    #expect(answer.headers["content-type"] == "application/json")
                    #expect(answer.headers["x-request-id"]?.isEmpty == false)
                }
            }
            async let destroyed = gateway.http.call("/vm/destroy?vmid=1")
            try await gateway.work()
            #expect(try await destroyed.body == #"{"status":1}"#)
            #expect(try await gateway.http.call("/vm/query?vmid=1").body == "0")
            #expect(try await gateway.http.call("/pm/listvms?pmid=1").body == #"{"vmids":[]}"#)
        }
    }

    @Test("A job that failed answers as the legacy API has it, with the reason in headers")
    func failures() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            async let created = gateway.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            try await gateway.work(failure: Failure(.machineUnreachable, "PM 1 is away\r\nX-Evil: 1", cause: "ü"))
            let answer = try await created
            #expect(answer.status == 502 && answer.body == #"{"vmid":0}"#)
            #expect(answer.headers["x-hvc-code"] == "machine_unreachable")
            #expect(answer.headers["x-hvc-reason"] == "PM 1 is away??X-Evil: 1 (?)")
            #expect(answer.headers["x-evil"] == nil)
        }
    }

    @Test("A job that goes on after the wait answers 202 with the VM's number")
    func waitEnds() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0.2"]) { (gateway) async throws in
            try await gateway.fill()
            let answer = try await gateway.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            #expect(answer.status == 202 && answer.body == #"{"vmid":1}"#)
            let query = try await gateway.http.call("/vm/query?vmid=1")
            #expect(query.body == #"{"vmid":1,"name":"a","instance_type":1,"pmid":0}"#)
        }
    }

    @Test(
        "Names are data: what is taken comes back verbatim",
        arguments: [
            "a\"b", "<b>&amp;", "a;rm -rf /", "../../etc/passwd", "😀 ünïcödé", "$(id) `id` %n", "*3\\r\\n$3\\r\\nSET",
            "' OR 1=1",
        ]
    )
    func names(name: String) async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { (gateway) async throws in
            try await gateway.fill()
            let encoded = try #require(name.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let created = try await gateway.http.call("/vm/create?name=\(encoded)&instance_type=1&image_id=100")
            #expect(created.status == 202, "\(created)")
            let query = try await gateway.http.call("/vm/query?vmid=1")
            let object = try JSONSerialization.jsonObject(with: Data(query.body.utf8)) as? [String: Any]
            #expect(object?["name"] as? String == name)
        }
    }
}
