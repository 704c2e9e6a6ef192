/// What becomes of a job whose attempt on a PM failed: the first rule that fits says it.
package struct RetryPolicy: Hashable, Sendable {
    /// The rules, the more special ones first.
    package let rules: [Rule]

    /// A policy; an attempt that fits no rule ends the job.
    ///
    /// - Parameter rules: the rules, the more special ones first.
    package init(_ rules: Rule...) {
        self.rules = rules
    }

    /// Decides on an attempt.
    ///
    /// - Parameter attempt: what failed.
    /// - Returns: the decision.
    package func decide(after attempt: FailedAttempt) -> RetryDecision {
        guard let rule = rules.first(where: { $0.fits(attempt) }) else { return .fail }
        func wait(_ wait: RetryWait) -> RetryDecision.Wait { RetryDecision.Wait(wait, retry: attempt.earlierFailures) }
        return switch rule.response {
        case .fail: .fail
        case .reschedule: .reschedule
        case .postpone(let time): .postpone(wait(time))
        // Nothing was tried there yet to take away what is left.
        case .failWithCleanup(let time): .failWithCleanup(RetryDecision.Wait(time, retry: 0))
        }
    }

    /// One rule.
    package struct Rule: Hashable, Sendable {
        /// The failures that it is for.
        package let failures: Failures
        /// Whether it is only for attempts that left nothing on the PM, or only for those that may have; nil for both.
        package let isClean: Bool?
        /// How many attempts may have failed before; nil for any number.
        package let limit: Int?
        /// What becomes of the job.
        package let response: Response

        /// A rule.
        ///
        /// - Parameters:
        ///   - failures: the failures that it is for.
        ///   - isClean: whether nothing of the VM is left on the PM; nil for both.
        ///   - limit: how many attempts may have failed before; nil for any number.
        ///   - response: what becomes of the job.
        package init(_ failures: Failures, isClean: Bool? = nil, limit: Int? = nil, _ response: Response) {
            self.failures = failures
            self.isClean = isClean
            self.limit = limit
            self.response = response
        }

        fileprivate func fits(_ attempt: FailedAttempt) -> Bool {
            guard isClean == nil || isClean == attempt.isClean else { return false }
            if let limit, attempt.earlierFailures >= limit { return false }
            return switch failures {
            case .any: true
            case .codes(let codes): codes.contains(attempt.code)
            case .ofPM: attempt.code.isAboutPM
            case .reachedElsewhere: attempt.isReachedElsewhere && attempt.code == .machineUnreachable
            }
        }
    }

    /// Which failures a rule is for.
    package enum Failures: Hashable, Sendable {
        /// All.
        case any
        /// Those with one of these codes.
        case codes(Set<FailureCode>)
        /// Those after which another PM may do better.
        case ofPM
        /// The PM does not answer this worker, and another worker reaches it.
        case reachedElsewhere
    }

    /// What becomes of the job.
    package enum Response: Hashable, Sendable {
        /// It ends with the failure.
        case fail
        /// It goes back to the queue for another PM.
        case reschedule
        /// The same PM is asked again after a time.
        case postpone(RetryWait)
        /// It ends with the failure, and what it may have left is removed by a job of its own, after a time.
        case failWithCleanup(RetryWait)
    }
}

/// How long to wait before the next attempt.
package enum RetryWait: Hashable, Sendable {
    /// Longer after each failure, from `base` to `limit`, as after `mostRetries` failures at most.
    case backoff(base: Duration = .seconds(2), limit: Duration = .seconds(60), mostRetries: Int = .max)
    /// Always as long.
    case fixed(Duration)
}

/// An attempt that failed.
package struct FailedAttempt: Hashable, Sendable {
    /// Why.
    package let code: FailureCode
    /// Whether it is certain that nothing of the VM is on the PM.
    package let isClean: Bool
    /// How many attempts failed before.
    package let earlierFailures: Int
    /// Whether another worker reaches the PM.
    package let isReachedElsewhere: Bool

    /// An attempt.
    ///
    /// - Parameters:
    ///   - code: why it failed.
    ///   - isClean: whether nothing of the VM is on the PM.
    ///   - earlierFailures: how many attempts failed before.
    ///   - isReachedElsewhere: whether another worker reaches the PM.
    package init(code: FailureCode, isClean: Bool, earlierFailures: Int, isReachedElsewhere: Bool = false) {
        self.code = code
        self.isClean = isClean
        self.earlierFailures = earlierFailures
        self.isReachedElsewhere = isReachedElsewhere
    }
}

/// What becomes of a job whose attempt failed.
package enum RetryDecision: Hashable, Sendable {
    /// It ends with the failure.
    case fail
    /// It goes back to the queue for another PM.
    case reschedule
    /// The same PM is asked again after a time.
    case postpone(Wait)
    /// It ends with the failure, and what it may have left is removed by a job of its own, after a time.
    case failWithCleanup(Wait)

    /// A wait, with how many failures there were before.
    package struct Wait: Hashable, Sendable {
        /// The kind of wait.
        package let wait: RetryWait
        /// How many attempts failed before.
        package let retry: Int

        fileprivate init(_ wait: RetryWait, retry: Int) {
            self.wait = wait
            self.retry = retry
        }
    }
}
