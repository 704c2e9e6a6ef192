import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Bad bodies get a problem document with the place and what to do, and change nothing")
struct BodyFaultTests {
    /// All calls that change something, those that take no body included.
    private static let calls = Endpoints.all.filter {
        $0.style == .v1 && $0.methods != [.get] && !$0.takesBytes
    }

    private static func form(of call: EndpointDescription) -> Schema { Schema(of: call.body ?? NoBody.self) }

    @Test("Every place of every body of the table, wrong in every way", arguments: calls.map(\.name))
    func places(name: String) async throws {
        let call = try #require(Self.calls.first { $0.name == name })
        try await expect(try BodyFaults(form: Self.form(of: call)).inPlaces(), of: call)
    }

    @Test("Bodies that are wrong as a whole")
    func wholes() async throws {
        for call in Self.calls {
            let empty = call.body == nil ? [] : [BodyFaults.Case("", ""), BodyFaults.Case(" \n", "")]
            try await expect(BodyFaults(form: Self.form(of: call)).asWhole(limit: call.bodyLimit) + empty, of: call)
        }
    }

    @Test(
        "JSON is read under any type",
        arguments: [
            "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "application/xml", "",
        ]
    )
    func mediaTypes(type: String) async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            for call in Self.calls {
                let answer = try await gateway.http.call(
                    call.path.filled(with: 1),
                    method: call.methods[0].rawValue,
                    headers: ["Content-Type": type],
                    body: #"{"unknown":1}"#
                )
                let problem = try JSONDecoder().decode(Problem.self, from: Data(answer.body.utf8))
                #expect(problem.errors?.map(\.pointer) == ["/unknown"], "\(call.name): \(answer)")
            }
        }
    }

    private func expect(_ cases: [BodyFaults.Case], of call: EndpointDescription) async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let before = try await Self.changes(gateway)
            for fault in cases {
                let answer = try await gateway.http.call(
                    call.path.filled(with: 1),
                    method: call.methods[0].rawValue,
                    headers: ["Content-Type": "application/json"],
                    bytes: fault.bytes
                )
                let what = "\(call.name) \(fault): \(answer)"
                #expect(answer.status == fault.status, "\(what)")
                guard answer.headers["content-type"] == "application/problem+json" else {
                    Issue.record("no problem document: \(what)")
                    continue
                }
                let problem = try JSONDecoder().decode(Problem.self, from: Data(answer.body.utf8))
                #expect(problem.errors?.map(\.pointer) == [fault.pointer], "\(what)")
                #expect(problem.errors?.allSatisfy { !$0.detail.isEmpty } == true && !problem.fix.isEmpty, "\(what)")
            }
            #expect(try await Self.changes(gateway) == before, "\(call.name)")
        }
    }

    /// How many changes Redis has seen.
    private static func changes(_ gateway: InProcessGateway) async throws -> Substring? {
        let text = try await gateway.store.redis.send(["INFO", "persistence"]).string ?? ""
        return text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("rdb_changes_since_last_save:") }
    }

    @Test("What a value means is checked at its place, too")
    func values() async throws {
        let vm = #""name":"a","instance_type":1,"image_id":100"#
        let cases = [
            ("/v1/vms", #"{"name":" ","instance_type":1,"image_id":100}"#, "/name"),
            ("/v1/vms", "{\(vm),\"labels\":{\"a\":\"b\",\"c/d\":\"e\"}}", "/labels/c~1d"),
            ("/v1/vms", "{\(vm),\"labels\":{\"a\":\"b c\"}}", "/labels/a"),
            ("/v1/vms", "{\(vm),\"description\":\"\\u0007\"}", "/description"),
            ("/v1/vms", "{\(vm),\"placement\":{\"tags\":[\"a\",\"b\",\"\"]}}", "/placement/tags/2"),
            ("/v1/vms", "{\(vm),\"placement\":{\"not_pms\":[1,2,0]}}", "/placement/not_pms/2"),
            ("/v1/vms", "{\(vm),\"placement\":{\"groups\":{\"a b\":\"spread\"}}}", "/placement/groups/a b"),
            ("/v1/vms", "{\(vm),\"placement\":{\"groups\":{\"a\":\"\"}}}", "/placement/groups/a"),
            ("/v1/vms", "{\(vm),\"placement\":{\"tags\":[\"a\"],\"not_tags\":[\"a\"]}}", "/placement"),
            ("/v1/vms", "{\(vm),\"hold_id\":1}", ""),
            ("/v1/vms", #"{"name":"a","instance_type":9,"image_id":100}"#, "/instance_type"),
            ("/v1/vms", #"{"name":"a","instance_type":1,"image_id":101}"#, "/image_id"),
            ("/v1/vms", #"{"name":"a","hold_id":7,"image_id":100}"#, "/hold_id"),
            ("/v1/placements:dry-run", #"{"instance_type":9}"#, "/instance_type"),
            ("/v1/queue:pause", #"{"reason":" "}"#, "/reason"),
            ("/v1/queue/rules", #"{"kind":"create","action":"reject","reason":"\n"}"#, "/reason"),
            // A name as long as the body is: the pointer is that of what it stands in.
            ("/v1/vms", "{\(vm),\"labels\":{\"\(String(repeating: "x", count: 60_000))\":\"b\"}}", "/labels"),
        ]
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            for (path, body, pointer) in cases {
                let answer = try await gateway.http.call(path, method: "POST", body: body)
                let problem = try JSONDecoder().decode(Problem.self, from: Data(answer.body.utf8))
                #expect(problem.errors?.map(\.pointer) == [pointer], "\(body.prefix(200)): \(answer)")
            }
            #expect(try await gateway.store.redis.send(["LLEN", "hvc:queue"]).int == 0)
        }
    }
}
