import Model
import Testing

@testable import Worker

@Suite("What becomes of a job whose try failed")
struct RetryDecisionTests {
    private func create(_ code: FailureCode, isClean: Bool, tries: Int = 0) -> RetryDecision {
        .create(after: Failure(code, ""), isClean: isClean, tries: tries, fraction: 0.5)
    }

    private func destroy(_ code: FailureCode, tries: Int = 0) -> RetryDecision {
        .destroy(after: Failure(code, ""), tries: tries, fraction: 0.5)
    }

    @Test("A create asks another PM only where nothing of it is on this one, and it is about the PM")
    func elsewhere() {
        for code in FailureCode.allCases where code != .imageFetching {
            let decision = create(code, isClean: true)
            #expect(decision == (code.isAboutMachine ? .moveOn : .fail), "\(code)")
            #expect(create(code, isClean: false) != .moveOn, "\(code)")
        }
        #expect(create(.imageUnusable, isClean: true) == .fail)
        // People closed it: another one may do, and it is not to blame.
        #expect(create(.machineClosed, isClean: true) == .moveOn && !FailureCode.machineClosed.isMachineFault)
    }

    @Test("A create waits for its image on the PM that it has, for as long as that is being fetched")
    func fetching() {
        for tries in [0, 3, 500] {
            for isClean in [true, false] {
                #expect(create(.imageFetching, isClean: isClean, tries: tries) == .postpone(RetryDecision.imageWait))
            }
        }
    }

    @Test("One that may have left something is tried again on the same PM, a bounded number of times, and then owes it")
    func owing() {
        for tries in 0..<RetryDecision.createLimit {
            guard case .postpone = create(.machineUnreachable, isClean: false, tries: tries) else {
                Issue.record("try \(tries) is not put off")
                continue
            }
        }
        guard case .failOwingRemoval = create(.deadline, isClean: false, tries: RetryDecision.createLimit),
            case .failOwingRemoval = create(.imageTooLarge, isClean: false)
        else {
            Issue.record("what may be left is not owed")
            return
        }
    }

    @Test("A create waits for a worker that reaches its PM, a bounded number of times")
    func reachedElsewhere() {
        func create(_ code: FailureCode, tries: Int) -> RetryDecision {
            let failure = Failure(code, "")
            return .create(after: failure, isClean: true, tries: tries, fraction: 0.5, isReachedElsewhere: true)
        }
        for tries in [0, RetryDecision.createLimit, RetryDecision.elsewhereLimit - 1] {
            guard case .postpone = create(.machineUnreachable, tries: tries) else {
                Issue.record("try \(tries) is not put off")
                continue
            }
        }
        #expect(create(.machineUnreachable, tries: RetryDecision.elsewhereLimit) == .moveOn)
        #expect(create(.storageFull, tries: 0) == .moveOn)
    }

    @Test("A destroy is owed for as long as its PM does not answer; one that is refused ends at last")
    func destroys() {
        for tries in [0, 1, 10, 1000] {
            guard case .postpone(let delay) = destroy(.machineUnreachable, tries: tries) else {
                Issue.record("try \(tries) is not put off")
                continue
            }
            #expect(delay >= .seconds(1) && delay <= .seconds(60))
        }
        #expect(destroy(.hypervisor, tries: RetryDecision.refusalLimit) == .fail)
        #expect(destroy(.unknownPM) == .fail)
        #expect(destroy(.hypervisor) != .fail)
    }

    @Test("Waits grow with the tries and are spread")
    func waits() {
        func delay(_ tries: Int, _ fraction: Double) -> Duration {
            let failure = Failure(.machineUnreachable, "")
            if case .postpone(let delay) = RetryDecision.destroy(after: failure, tries: tries, fraction: fraction) {
                return delay
            }
            return .zero
        }
        #expect(delay(0, 0) == .seconds(1) && delay(0, 1) == .seconds(2))
        #expect(delay(3, 0) == .seconds(8) && delay(3, 1) == .seconds(16))
        #expect(delay(50, 1) == .seconds(60))
    }
}
