import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("When jobs will have ended")
struct JobEstimateTests {
    private func job(_ gateway: InProcessGateway, _ id: Int = 1) async throws -> JobResponse {
        let answer = try await gateway.http.call("/v1/jobs/\(id)")
        return try JSONDecoder().decode(JobResponse.self, from: Data(answer.body.utf8))
    }

    @Test("Nothing is said before jobs were measured; then the median and the band, until the job has ended")
    func told() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            let body = #"{"name":"a","instance_type":1,"image_id":100}"#
            #expect(try await gateway.http.call("/v1/vms", method: "POST", body: body).status == 202)
            #expect(try await job(gateway).etaAt == nil)
        }
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            try await gateway.announceWorker(lease: .seconds(60))
            let samples = (1...300).map { JobTimes.Sample(seconds: Double($0), broughtImage: $0 % 2 == 0) }
            try await gateway.store.note([.create: samples])
            #expect(try await gateway.store.redis.send(["LLEN", "hvc:durations:create"]).int == 200)
            let body = #"{"name":"a","instance_type":1,"image_id":100}"#
            #expect(try await gateway.http.call("/v1/vms", method: "POST", body: body).status == 202)
            let queued = try await job(gateway)
            let (from, to) = (try #require(queued.eta?.from), try #require(queued.eta?.to))
            let median = try seconds(from: queued.acceptedAt, to: queued.etaAt)
            // The latest 200 took 101 to 300 s.
            #expect((195...210).contains(median), "\(queued)")
            #expect((105...120).contains(try seconds(from: queued.acceptedAt, to: from)), "\(queued)")
            #expect((285...300).contains(try seconds(from: queued.acceptedAt, to: to)), "\(queued)")
            let list = try await gateway.http.call("/v1/jobs")
            #expect(!list.body.contains("eta"), "\(list)")
            try await gateway.work()
            #expect(try await job(gateway).etaAt == nil)
        }
    }

    private func seconds(from start: String?, to end: String?) throws -> TimeInterval {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return try Date(try #require(end), strategy: style).timeIntervalSince(
            Date(try #require(start), strategy: style)
        )
    }
}
