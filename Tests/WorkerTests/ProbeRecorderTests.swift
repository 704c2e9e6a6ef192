import Model
import NIOConcurrencyHelpers
import Store
import TestKit
import Testing

@testable import Worker

@Suite("Writing what probes found")
struct ProbeRecorderTests {
    private func finding(_ number: Int) throws -> ProbeFinding {
        ProbeFinding(pm: try #require(PMID(number)), report: DiscoveryReport(state: .up), next: .seconds(1))
    }

    @Test(
        "Findings that come together are written together, in batches that are bounded, and each gets its own outcome"
    )
    func batches() async throws {
        let sizes = NIOLockedValueBox([Int]())
        let recorder = ProbeRecorder { (findings) async throws(Failure) in
            sizes.withLockedValue { $0.append(findings.count) }
            return findings.map { $0.pm.value.isMultiple(of: 2) ? .superseded : .unknown }
        }
        let running = Task { await recorder.run() }
        let findings = try (1...100).map { try finding($0) }
        try await within(.seconds(10)) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for finding in findings {
                    group.addTask {
                        let outcome = try await recorder.record(finding)
                        #expect(outcome == (finding.pm.value.isMultiple(of: 2) ? .superseded : .unknown))
                    }
                }
                try await group.waitForAll()
            }
        }
        let written = sizes.withLockedValue { $0 }
        #expect(written.reduce(0, +) == 100 && written.allSatisfy { $0 <= 32 } && written.count < 50, "\(written)")
        running.cancel()
        await running.value
    }

    @Test("A write that fails is each caller's failure, and the next ones are written all the same")
    func failure() async throws {
        let isAway = NIOLockedValueBox(true)
        let recorder = ProbeRecorder { (findings) async throws(Failure) in
            if isAway.withLockedValue({ $0 }) { throw Failure(.storeUnavailable, "away") }
            return findings.map { _ in .unknown }
        }
        let running = Task { await recorder.run() }
        let finding = try finding(1)
        let failure = await #expect(throws: Failure.self) { try await recorder.record(finding) }
        #expect(failure?.code == .storeUnavailable)
        isAway.withLockedValue { $0 = false }
        #expect(try await recorder.record(finding) == .unknown)
        running.cancel()
        await running.value
    }

    @Test("Whoever waits at the end, or comes after it, does not wait for ever")
    func end() async throws {
        let recorder = ProbeRecorder { (findings) async throws(Failure) in findings.map { _ in .unknown } }
        let finding = try finding(1)
        let early = Task { try await recorder.record(finding) }
        let running = Task { await recorder.run() }
        running.cancel()
        await running.value
        let late = Task { try await recorder.record(finding) }
        _ = try await within(.seconds(10)) { await early.result }
        let result = try await within(.seconds(10)) { await late.result }
        #expect(throws: Failure.self) { try result.get() }
    }
}
