import API
import Foundation
import HTTPTypes
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Jobs over HTTP, and waits for them")
struct JobCallTests {
    private static let vm = #"{"name":"a","instance_type":1,"image_id":100}"#

    private func job(_ answer: HTTPAnswer) throws -> JobResponse {
        #expect(answer.status == 200, "\(answer)")
        return try JSONDecoder().decode(JobResponse.self, from: Data(answer.body.utf8))
    }

    private func create(_ gateway: InProcessGateway, _ headers: [String: String] = [:]) async throws -> HTTPAnswer {
        try await gateway.http.call("/v1/vms", method: "POST", headers: headers, body: Self.vm)
    }

    @Test("A job tells how many are ahead of it, its times, its worker and its request, and why it failed")
    func told() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            for _ in 0..<5 { _ = try await create(gateway, ["X-Request-Id": "r-1"]) }
            for number in 1...5 {
                let queued = try job(try await gateway.http.call("/v1/jobs/\(number)"))
                #expect(queued.ahead == number - 1 && queued.state == "queued" && queued.requestID == "r-1")
                #expect(queued.acceptedAt != nil && queued.startedAt == nil && queued.attempts == 0)
            }
            try await gateway.work()
            let done = try job(try await gateway.http.call("/v1/jobs/1"))
            #expect(done.state == "done" && done.ahead == nil && done.error == nil && done.pmID == PMID(1))
            #expect(done.worker == "w" && done.attempts == 1 && done.startedAt != nil && done.endedAt != nil)
            #expect(try job(try await gateway.http.call("/v1/jobs/5")).ahead == 3)
            try await gateway.work(failure: Failure(.hypervisor, "libvirt says no", cause: "because"))
            let failed = try job(try await gateway.http.call("/v1/jobs/2"))
            #expect(failed.state == "failed" && failed.error?.code == "hypervisor")
            #expect(failed.error?.detail == "libvirt says no" && failed.error?.cause == "because")
            #expect(failed.error?.fix == FailureCode.hypervisor.fix)
        }
    }

    @Test("Any number of callers wait for one job; all hear of its end at once, and Redis is not asked meanwhile")
    func waits() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            _ = try await create(gateway)
            let waiting = Task {
                try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
                    for _ in 0..<50 { group.addTask { try await gateway.http.call("/v1/jobs/1?wait=60") } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
            // Each has read the job once, and asks no more.
            func reads() async throws -> Int {
                let info = try await gateway.store.redis.send(["INFO", "commandstats"]).string ?? ""
                let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_evalsha:calls=") }
                return line?.split(separator: "=")[1].prefix { $0.isNumber }.description.integer ?? 0
            }
            var before = -1
            try await eventually("all to wait") {
                let now = try await reads()
                defer { before = now }
                return now >= 50 && now == before
            }
            let start = ContinuousClock.now
            try await gateway.work(failure: Failure(.hypervisor, "no"))
            for answer in try await waiting.value {
                #expect(try job(answer).state == "failed")
            }
            #expect(ContinuousClock.now - start < .seconds(10))
        }
    }

    @Test("A wait that is over answers as things are; one for a job that has ended, or that nobody asked for, too")
    func bounded() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            _ = try await create(gateway)
            #expect(try job(try await gateway.http.call("/v1/jobs/1?wait=1")).state == "queued")
            let redis = gateway.store.redis
            // As one that workers have made: no nonce.
            _ = try await redis.send(["HDEL", "hvc:job:1", "nonce"])
            async let answer = gateway.http.call("/v1/jobs/1?wait=60")
            try await gateway.work()
            #expect(try job(try await answer).state == "done")
            #expect(try job(try await gateway.http.call("/v1/jobs/1?wait=60")).state == "done")
        }
    }

    @Test("wait=N and Prefer: wait=N answer with the outcome, or 202 where the job goes on")
    func outcomes() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            for preference in ["", "respond-async", "wait=x", "wait", "wait=-1", "wait=0"] {
                let answer = try await create(gateway, ["Prefer": preference])
                #expect(answer.status == 202, "\(preference): \(answer)")
                try await gateway.work(failure: Failure(.hypervisor, "no"))
            }
            for preference in ["respond-async, wait=60", "Wait = 60", "handling=lenient,wait=\"60\""] {
                async let answered = create(gateway, ["Prefer": preference])
                try await gateway.work()
                let answer = try await answered
                #expect(answer.status == 201 && answer.body.contains(#""state":"running""#), "\(preference): \(answer)")
                #expect(answer.headers["location"]?.hasPrefix("/v1/vms/") == true)
            }
            // The argument counts for more than the header.
            let both = try await gateway.http.call(
                "/v1/vms/7?wait=0",
                method: "DELETE",
                headers: ["Prefer": "wait=60"]
            )
            #expect(both.status == 202)
            #expect(try await gateway.http.call("/v1/vms/8?wait=1", method: "DELETE").status == 202)
        }
    }
}

extension String {
    fileprivate var integer: Int? { Int(self) }
}
