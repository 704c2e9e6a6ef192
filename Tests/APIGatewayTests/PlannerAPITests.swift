import API
import Foundation
import Model
import Placement
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("The calls for those who plan capacity")
struct PlannerAPITests {
    private func get<Answer: Decodable>(_ path: String, _ gateway: InProcessGateway) async throws -> Answer {
        let answer = try await gateway.http.call(path)
        #expect(answer.status == 200, "\(answer)")
        return try JSONDecoder().decode(Answer.self, from: Data(answer.body.utf8))
    }

    @Test("A dry run says how many more fit after it, as the capacity would once they were placed")
    func after() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let before: CapacityResponse = try await get("/v1/capacity", gateway)
            #expect(before.types.map(\.fitsNow) == [4, 2])
            let answer = try await gateway.http.call(
                "/v1/placements:dry-run",
                method: "POST",
                body: #"{"instance_type":1,"count":3}"#
            )
            let run = try JSONDecoder().decode(DryRunResponse.self, from: Data(answer.body.utf8))
            #expect(run.decisions.map(\.pmID) == [PMID(1), PMID(1), PMID(1)])
            #expect(run.after.types.map(\.fitsNow) == [1, 0])
            // With the only PM lost all three would have no place.
            #expect(run.after.types.map(\.vmsWithoutPlace) == [3, 3])
            let again: CapacityResponse = try await get("/v1/capacity", gateway)
            #expect(again.types == before.types, "nothing was placed")
        }
    }

    @Test("Refusals are counted by code and by what lacked, with the remedy that would have served most")
    func refusals() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { gateway in
            try await gateway.fill()
            let none: RefusalsResponse = try await get("/v1/refusals", gateway)
            #expect(none.refused == 0 && none.pm == nil && none.overcommit == nil)
            let miss = #"{"pm":1,"text":"t","missing":{"cpu":1,"ram":0,"disk":0},"overcommit":{"cpu":1.5}}"#
            for _ in 0..<5 {
                _ = try await gateway.store.redis.send([
                    "XADD", "hvc:refusals", "*", "code", "no_capacity", "cpu", "2", "ram", "1024", "disk", "2", "miss",
                    miss,
                ])
            }
            let found: RefusalsResponse = try await get("/v1/refusals?window=24h", gateway)
            #expect(found.refused == 5 && found.codes == ["no_capacity": 5] && found.lacking == ["cpu": 5])
            #expect(found.pm?.likePMID == PMID(1) && found.pm?.serves == 2 && found.pm?.amount.cpu == 4)
            #expect(found.overcommit?.resource == "cpu" && found.overcommit?.factor == 1.5)
            #expect(found.overcommit?.serves == 5)
            for window in ["", "7", "d", "0d", "-1d", "367d", "1w", "1d1h", "9999999999d", "%C2%B2d"] {
                let answer = try await gateway.http.call("/v1/refusals?window=\(window)")
                #expect(answer.status == 400, "\(window): \(answer)")
            }
        }
    }
}
