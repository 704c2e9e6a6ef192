import Model
import Store
import Testing

@testable import APIGateway

@Suite("The latest outcomes of jobs")
struct RecentOutcomesTests {
    private func nonce(_ number: Int) throws -> JobKey {
        JobKey(try #require(JobID(7)), JobNonce("n\(number)"))
    }

    private func state(_ outcome: JobOutcomes.Outcome?) throws -> Job.State? { try outcome?.get().state }

    @Test("The last 8,192 are remembered, and the first word on a job counts")
    func bounded() throws {
        var outcomes = RecentOutcomes()
        for number in 0..<8192 { outcomes.note(try nonce(number), .success(JobStatus(state: .done, failure: nil))) }
        #expect(try state(outcomes[nonce(0)]) == .done && state(outcomes[nonce(8191)]) == .done)
        // One that is known takes nobody's place.
        outcomes.note(try nonce(5), .success(JobStatus(state: .done, failure: nil)))
        #expect(try state(outcomes[nonce(0)]) == .done)
        for number in 8192..<8202 {
            outcomes.note(try nonce(number), .success(JobStatus(state: .failed, failure: nil)))
        }
        for number in 0..<10 { #expect(try outcomes[nonce(number)] == nil) }
        #expect(try state(outcomes[nonce(10)]) == .done && state(outcomes[nonce(8201)]) == .failed)
    }

    @Test("What is known by a number alone is forgotten where Redis may have gone back to another history")
    func numbers() throws {
        var outcomes = RecentOutcomes()
        let made = JobKey.number(try #require(JobID(7)))
        outcomes.note(made, .success(JobStatus(state: .done, failure: nil)))
        outcomes.note(try nonce(1), .success(JobStatus(state: .done, failure: nil)))
        #expect(try state(outcomes[made]) == .done)
        outcomes.forgetNumbers()
        #expect(outcomes[made] == nil)
        #expect(try state(outcomes[nonce(1)]) == .done)
    }
}
