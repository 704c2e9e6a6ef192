import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Tags of objects")
struct EntityTagTests {
    private func tag(_ gateway: InProcessGateway, _ path: String) async throws -> String {
        try #require(try await gateway.http.call(path).headers["etag"])
    }

    @Test("A VM's tag changes with each change of its record, and with nothing else")
    func changes() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            _ = try await gateway.store.enqueueCreate(
                name: "a",
                type: #require(TypeID(1)),
                image: #require(ImageID(100)),
                request: "r"
            )
            var tags = [try await tag(gateway, "/v1/vms/1")]
            #expect(try await tag(gateway, "/v1/vms/1") == tags[0])
            try await gateway.work()
            tags.append(try await tag(gateway, "/v1/vms/1"))
            for body in [#"{"name":"b"}"#, #"{"labels":{"a":"b"}}"#, #"{"description":"c"}"#, #"{"description":""}"#] {
                let answer = try await gateway.http.call("/v1/vms/1", method: "PATCH", body: body)
                tags.append(try #require(answer.headers["etag"]))
            }
            #expect(Set(tags).count == 6)
        }
    }

    @Test("GET answers 304 without a body to who has the object as it is")
    func notModified() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            for path in ["/v1/pms/1", "/v1/types/1", "/v1/images/100", "/v1/pms/1?fields=id,state"] {
                let tag = try await tag(gateway, path)
                for known in [tag, "W/" + tag, "\"x\", \(tag) ", "*"] {
                    let answer = try await gateway.http.call(path, headers: ["If-None-Match": known])
                    #expect(answer.status == 304 && answer.body.isEmpty && answer.headers["etag"] == tag, "\(answer)")
                }
                #expect(try await gateway.http.call(path, headers: ["If-None-Match": "\"x\""]).status == 200)
            }
        }
    }

    @Test("What was changed since is not changed again, nor destroyed")
    func ifMatch() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { gateway in
            try await gateway.fill()
            _ = try await gateway.store.enqueueCreate(
                name: "a",
                type: #require(TypeID(1)),
                image: #require(ImageID(100)),
                request: "r"
            )
            let old = try await tag(gateway, "/v1/vms/1")
            let first = try await change(gateway, "/v1/vms/1", if: old)
            #expect(first.status == 200)
            let second = try await change(gateway, "/v1/vms/1", if: old)
            #expect(second.status == 412 && second.headers["x-hvc-code"] == "changed_since", "\(second)")
            for condition in [old, "\"x\"", "", "W/\(old)"] {
                let headers = ["If-Match": condition]
                let answer = try await gateway.http.call("/v1/vms/1", method: "DELETE", headers: headers)
                #expect(answer.status == 412, "\(condition): \(answer)")
            }
            let now = try #require(first.headers["etag"])
            #expect(try await change(gateway, "/v1/vms/1", if: "\"x\", \(now)").status == 200)
            #expect(try await change(gateway, "/v1/vms/1", if: "*").status == 200)
            let last = try await tag(gateway, "/v1/vms/1")
            let end = try await gateway.http.call("/v1/vms/1", method: "DELETE", headers: ["If-Match": last])
            #expect(end.status == 202)
            let pm = try await tag(gateway, "/v1/pms/1")
            for status in [200, 412] {
                let answer = try await gateway.http.call(
                    "/v1/pms/1/tags",
                    method: "PUT",
                    headers: ["If-Match": pm],
                    body: #"{"tags":["ssd"]}"#
                )
                #expect(answer.status == status, "\(answer)")
            }
            // A call that does not look at the condition does not do as if it held.
            let hold = try await gateway.http.call("/v1/holds/1", method: "DELETE", headers: ["If-Match": "\"x\""])
            #expect(hold.status == 501, "\(hold)")
        }
    }

    @Test("Of many changes of a PM as one read of it, one is made; what is measured meanwhile is no change")
    func ifMatchPM() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let old = try await tag(gateway, "/v1/pms/1")
            _ = try await gateway.store.redis.send(["HSET", "hvc:pm:1", "load", "0.5"])
            #expect(try await tag(gateway, "/v1/pms/1") != old)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await gateway.http.call(
                            "/v1/pms/1/tags",
                            method: "PUT",
                            headers: ["If-Match": old],
                            body: #"{"tags":["t\#(number)"]}"#
                        ).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 412, count: 19))
        }
    }

    private func change(_ gateway: InProcessGateway, _ path: String, if tag: String) async throws -> HTTPAnswer {
        let body = #"{"description":"x"}"#
        return try await gateway.http.call(path, method: "PATCH", headers: ["If-Match": tag], body: body)
    }

    @Test("An answer has the fields that are asked for alone; a field that there is not is refused")
    func fields() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            #expect(try await gateway.http.call("/v1/pms/1?fields=id,state").body == "{\"id\":1,\"state\":\"up\"}\n")
            let list = try await gateway.http.call("/v1/types?fields=id,cpu")
            #expect(list.body.contains(#""items":[{"cpu":1,"id":1},{"cpu":2,"id":2}]"#), "\(list)")
            for query in ["fields=", "fields=odd", "fields=id,odd"] {
                for path in ["/v1/pms/1", "/v1/pms"] {
                    #expect(try await gateway.http.call("\(path)?\(query)").status == 400, "\(path)?\(query)")
                }
            }
        }
    }
}
