import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("VMs are found by what they are, and called by their names")
struct VMSearchTests {
    private func create(_ gateway: InProcessGateway, _ body: String) async throws -> Int {
        let answer = try await gateway.http.call(
            "/v1/vms",
            method: "POST",
            headers: ["Prefer": "respond-async"],
            body: #"{"instance_type":1,"image_id":100,"# + body + "}"
        )
        #expect(answer.status == 202, "\(answer)")
        return try await gateway.store.redis.send(["HGET", "hvc:counters", "vm"]).int ?? 0
    }

    private func found(_ gateway: InProcessGateway, _ query: String) async throws -> [Int] {
        let answer = try await gateway.http.call("/v1/vms?" + query)
        #expect(answer.status == 200, "\(query): \(answer)")
        let page = try JSONDecoder().decode(Page<VMResponse>.self, from: Data(answer.body.utf8))
        return page.items.map(\.id.value)
    }

    @Test("By name, state, PM and labels, alone and together, as they change")
    func filters() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let web = try await create(gateway, #""name":"web","labels":{"env":"prod","tier":"web"}"#)
            let twin = try await create(gateway, #""name":"web","labels":{"env":"test","tier":"web"}"#)
            let data = try await create(gateway, #""name":"web-2","labels":{"env":"prod"},"description":"a\nb""#)
            #expect(try await found(gateway, "name=web") == [web, twin])
            #expect(try await found(gateway, "label=env=prod") == [web, data])
            #expect(try await found(gateway, "label=env=prod&label=tier=web") == [web])
            #expect(try await found(gateway, "label=env=none") == [])
            #expect(try await found(gateway, "label=env=prod&label=env=prod&name=web") == [web])
            #expect(try await found(gateway, "state=queued") == [web, twin, data])
            #expect(try await found(gateway, "pm_id=1") == [])
            try await gateway.work()
            #expect(try await found(gateway, "state=running") == [web])
            #expect(try await found(gateway, "state=queued&label=env=prod") == [data])
            #expect(try await found(gateway, "pm_id=1") == [web])
            #expect(try await found(gateway, "pm_id=1&label=tier=web&state=running") == [web])
            #expect(try await found(gateway, "pm_id=1&state=queued") == [])
            let body = #"{"name":"web-2","labels":{"env":"test"}}"#
            let change = try await gateway.http.call("/v1/vms/\(web)", method: "PATCH", body: body)
            #expect(change.status == 200 && change.body.contains(#""labels":{"env":"test"}"#), "\(change)")
            #expect(try await found(gateway, "name=web") == [twin])
            #expect(try await found(gateway, "name=web-2") == [web, data])
            #expect(try await found(gateway, "label=env=test") == [web, twin])
            #expect(try await found(gateway, "label=tier=web") == [twin])
        }
    }

    @Test("The index has nothing of VMs that are no more")
    func removal() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let vm = try await create(
                gateway,
                #""name":"a","labels":{"env":"prod"},"placement":{"groups":{"g":"spread"}}"#
            )
            try await gateway.work()
            #expect(try await gateway.store.redis.send(["ZCARD", "hvc:vms:index"]).int == 5)
            #expect(try await gateway.store.redis.send(["ZCARD", "hvc:groups"]).int == 1)
            async let answer = gateway.http.call("/v1/vms/a?wait=30", method: "DELETE")
            try await gateway.work()
            #expect(try await answer.status == 200)
            #expect(try await gateway.store.redis.send(["EXISTS", "hvc:vms:index", "hvc:groups"]).int == 0, "\(vm)")
        }
    }

    @Test("A page of a search for several things goes over a bounded number of VMs, and others follow")
    func bounded() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            // Each of 2,500 VMs has the state and the name; the last one alone the label, by its record and the index.
            let store = gateway.store
            for start in stride(from: 1, through: 2500, by: 500) {
                let commands = (start..<(start + 500)).flatMap { number -> [RedisCommand] in
                    let padded = String(repeating: "0", count: 15 - "\(number)".count) + "\(number)"
                    return [
                        ["ZADD", "hvc:vms", number, number],
                        [
                            "HSET", "hvc:vm:\(number)", "id", number, "name", "x", "state", "running", "uuid",
                            UUID().uuidString, "type", 1, "image", 100, "cpu", 1, "ram", 1, "disk", 1, "domain", "d",
                        ],
                        ["ZADD", "hvc:vms:index", 0, "name=x\n\(padded)", 0, "state=running\n\(padded)"],
                    ]
                }
                _ = try await store.redis.pipeline(commands)
            }
            _ = try await store.redis.send(["ZREM", "hvc:vms:index", "state=running\n000000000000007"])
            var (seen, pages, cursor) = ([Int](), 0, String?.none)
            repeat {
                let more = cursor.map { "&cursor=\($0)" } ?? ""
                let answer = try await gateway.http.call("/v1/vms?name=x&state=running&limit=500\(more)")
                let page = try JSONDecoder().decode(Page<VMResponse>.self, from: Data(answer.body.utf8))
                seen += page.items.map(\.id.value)
                cursor = page.nextCursor
                pages += 1
            } while cursor != nil
            #expect(seen == (1...2500).filter { $0 != 7 } && pages == 5)
            let answer = try await gateway.http.call("/v1/vms?name=x&state=stopped&limit=500")
            #expect(answer.body.contains(#""items":[]"#), "the rarest term is gone over")
        }
    }

    @Test("A name stands for a number wherever there is one; of two VMs of a name none is taken")
    func names() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let one = try await create(gateway, #""name":"a:b/c é""#)
            for path in ["/v1/vms/\(one)", "/v1/vms/a%3Ab%2Fc%20%C3%A9"] {
                let answer = try await gateway.http.call(path)
                #expect(answer.status == 200 && answer.body.contains(#""id":\#(one)"#), "\(path): \(answer)")
            }
            _ = try await create(gateway, #""name":"7""#)
            #expect(try await gateway.http.call("/v1/vms/7").status == 404, "digits are always a number")
            let action = try await gateway.http.call("/v1/vms/a:b")
            #expect(action.headers["x-hvc-code"] == "unknown_call", "\(action)")
            let twins = [try await create(gateway, #""name":"t""#), try await create(gateway, #""name":"t""#)]
            for method in ["GET", "DELETE"] {
                let answer = try await gateway.http.call("/v1/vms/t", method: method)
                #expect(answer.status == 409 && answer.headers["x-hvc-code"] == "ambiguous_name", "\(answer)")
                for twin in twins { #expect(answer.body.contains("\(twin)")) }
            }
            #expect(try await gateway.http.call("/v1/pms/host1").body.contains(#""id":1"#))
            #expect(
                try await gateway.http.call("/v1/pms/host1:cordon", method: "POST").body.contains(#""cordoned":true"#)
            )
            #expect(try await gateway.http.call("/v1/images/Ubuntu12.04amd64").body.contains(#""id":100"#))
            #expect(try await gateway.http.call("/v1/images/none").status == 404)
        }
    }

    @Test(
        "Labels and descriptions that are not taken are refused, and so are filters that are none",
        arguments: [
            #""labels":{"a b":"c"}"#, #""labels":{"a":""}"#, #""labels":{"a":7}"#, #""labels":{"":"c"}"#,
            #""labels":["a"]"#, #""description":"a\u0007""#, #""description":7"#,
            #""description":""# + String(repeating: "x", count: 1025) + #"""#,
            #""labels":{"# + (1...33).map { "\"k\($0)\":\"v\"" }.joined(separator: ",") + "}",
        ]
    )
    func refusals(part: String) async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let body = #"{"name":"a","instance_type":1,"image_id":100,"# + part + "}"
            for (method, path, text) in [("POST", "/v1/vms", body), ("PATCH", "/v1/vms/1", "{\(part)}")] {
                let answer = try await gateway.http.call(path, method: method, body: text)
                #expect(answer.status == 400 && answer.headers["x-hvc-code"] == "invalid_request", "\(answer)")
            }
            for query in [
                "state=odd", "label=a", "label=a=b=c", "label=a=b,c=d", "label=a=b&label=a=c", "pm_id=x", "name=",
            ] {
                #expect(try await gateway.http.call("/v1/vms?\(query)").status == 400, "\(query)")
            }
        }
    }
}
