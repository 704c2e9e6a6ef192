import Model
import Testing

@Suite("What becomes of a job whose attempt failed")
struct RetryPolicyTests {
    private func create(
        _ code: FailureCode,
        isClean: Bool,
        failures: Int = 0,
        isReachedElsewhere: Bool = false
    ) -> RetryDecision {
        Operation.create.retry.decide(
            after: FailedAttempt(
                code: code,
                isClean: isClean,
                earlierFailures: failures,
                isReachedElsewhere: isReachedElsewhere
            )
        )
    }

    private func destroy(_ code: FailureCode, failures: Int = 0) -> RetryDecision {
        Operation.destroy.retry.decide(after: FailedAttempt(code: code, isClean: false, earlierFailures: failures))
    }

    @Test("A create asks another PM only where nothing of it is on this one, and it is about the PM")
    func elsewhere() {
        for code in FailureCode.allCases where code != .imageFetching {
            let decision = create(code, isClean: true)
            #expect(decision == (code.isAboutPM ? .reschedule : .fail), "\(code)")
            #expect(create(code, isClean: false) != .reschedule, "\(code)")
        }
        #expect(create(.imageUnusable, isClean: true) == .fail)
        // People closed it: another one may do, and it is not the PM's fault.
        #expect(create(.machineClosed, isClean: true) == .reschedule && !FailureCode.machineClosed.isPMFault)
    }

    @Test("A create waits for its image on the PM that it has, for as long as that is being fetched")
    func fetching() {
        for failures in [0, 3, 500] {
            for isClean in [true, false] {
                guard case .postpone(let wait) = create(.imageFetching, isClean: isClean, failures: failures) else {
                    Issue.record("failure \(failures) is not deferred")
                    continue
                }
                #expect(wait.wait == .fixed(.seconds(5)))
            }
        }
    }

    @Test("One that may have left something is tried again on the same PM, a bounded number of times, then cleaned up")
    func cleanup() {
        for failures in 0..<4 {
            guard case .postpone = create(.machineUnreachable, isClean: false, failures: failures) else {
                Issue.record("failure \(failures) is not deferred")
                continue
            }
        }
        guard case .failWithCleanup = create(.deadline, isClean: false, failures: 4),
            case .failWithCleanup = create(.imageTooLarge, isClean: false)
        else {
            Issue.record("what may be left is not cleaned up")
            return
        }
    }

    @Test("A create waits for a worker that reaches its PM, a bounded number of times")
    func reachedElsewhere() {
        for failures in [0, 4, 19] {
            let decision = create(.machineUnreachable, isClean: true, failures: failures, isReachedElsewhere: true)
            guard case .postpone = decision else {
                Issue.record("failure \(failures) is not deferred")
                continue
            }
        }
        #expect(create(.machineUnreachable, isClean: true, failures: 20, isReachedElsewhere: true) == .reschedule)
        #expect(create(.storageFull, isClean: true, isReachedElsewhere: true) == .reschedule)
    }

    @Test("A destroy is tried for as long as its PM does not answer; one that is refused ends at last")
    func destroys() {
        for failures in [0, 1, 10, 1000] {
            guard case .postpone = destroy(.machineUnreachable, failures: failures) else {
                Issue.record("failure \(failures) is not deferred")
                continue
            }
        }
        #expect(destroy(.hypervisor, failures: 5) == .fail)
        #expect(destroy(.unknownPM) == .fail)
        #expect(destroy(.hypervisor) != .fail)
    }

    @Test("A policy without a rule that fits ends the job, whatever failed", arguments: Operation.all)
    func everyFailureIsDecided(operation: Operation) {
        #expect(
            RetryPolicy().decide(after: FailedAttempt(code: .hypervisor, isClean: true, earlierFailures: 0)) == .fail
        )
        for code in FailureCode.allCases {
            for isClean in [true, false] {
                let decision = operation.retry.decide(
                    after: FailedAttempt(code: code, isClean: isClean, earlierFailures: 1_000_000)
                )
                // What may be left on a PM is never forgotten.
                if operation.claim == .place, !operation.steps.isEmpty, !isClean {
                    #expect(decision != .fail && decision != .reschedule, "\(code)")
                }
            }
        }
    }
}
