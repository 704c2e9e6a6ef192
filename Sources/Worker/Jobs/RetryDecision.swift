import Model
import RedisClient

/// What becomes of a job whose try on a PM failed; pure.
enum RetryDecision: Hashable, Sendable {
    /// It ends with the failure.
    case fail
    /// Another PM is asked at once.
    case moveOn
    /// The same PM is asked again after a time.
    case postpone(Duration)
    /// It ends with the failure, and what it may have left on its PM is taken away when that answers.
    case failOwingRemoval(Duration)

    /// The waits between the tries on a PM that does not answer.
    static let backoff = Backoff(base: .seconds(2), limit: .seconds(60))
    /// How often a create is tried again on a PM on which something of it may stand.
    static let createLimit = 4
    /// How long a create waits before it asks again whether its image has come.
    static let imageWait = Duration.seconds(5)
    /// How often a create is tried again on a PM that other workers reach, and this one does not.
    static let elsewhereLimit = 20
    /// How often a destroy is tried again on a PM that answers and refuses.
    static let refusalLimit = 5

    /// Decides on a create.
    ///
    /// A VM may run on one PM only, so another one is asked only where it is certain that nothing of it is on this one.
    ///
    /// - Parameters:
    ///   - failure: why the try failed.
    ///   - isClean: whether nothing of the VM is on the PM.
    ///   - tries: how many tries failed before.
    ///   - fraction: where in the range of the backoff to wait, from 0 to 1.
    ///   - isReachedElsewhere: whether another worker reaches the PM: then this one waits for that to take the job.
    /// - Returns: the decision.
    static func create(
        after failure: Failure,
        isClean: Bool,
        tries: Int,
        fraction: Double,
        isReachedElsewhere: Bool = false
    ) -> RetryDecision {
        if isReachedElsewhere, failure.code == .machineUnreachable, tries < elsewhereLimit {
            return .postpone(delay(min(tries, 2), fraction))
        }
        // It waits for its image on the PM that it has, however long that takes: the fetch itself ends or fails.
        if failure.code == .imageFetching { return .postpone(imageWait) }
        return switch (failure.code.isAboutMachine, isClean) {
        case (true, true): .moveOn
        case (false, true): .fail
        case (true, false) where tries < createLimit: .postpone(delay(tries, fraction))
        case (_, false): .failOwingRemoval(delay(0, fraction))
        }
    }

    /// Decides on a destroy.
    ///
    /// One whose PM does not answer is owed for as long as it takes; one that libvirt refuses ends at last.
    ///
    /// - Parameters:
    ///   - failure: why the try failed.
    ///   - tries: how many tries failed before.
    ///   - fraction: where in the range of the backoff to wait, from 0 to 1.
    /// - Returns: the decision.
    static func destroy(after failure: Failure, tries: Int, fraction: Double) -> RetryDecision {
        switch failure.code {
        case .machineUnreachable, .deadline: .postpone(delay(tries, fraction))
        case .hypervisor where tries < refusalLimit: .postpone(delay(tries, fraction))
        default: .fail
        }
    }

    /// Decides on a start.
    ///
    /// One whose PM does not answer waits for it; one that libvirt refuses ends, and the VM stays as it was found.
    ///
    /// - Parameters:
    ///   - failure: why the try failed.
    ///   - tries: how many tries failed before.
    ///   - fraction: where in the range of the backoff to wait, from 0 to 1.
    /// - Returns: the decision.
    static func start(after failure: Failure, tries: Int, fraction: Double) -> RetryDecision {
        switch failure.code {
        case .machineUnreachable, .deadline: .postpone(delay(tries, fraction))
        default: .fail
        }
    }

    /// At least half of the range, so that a PM that is down is not asked in a hurry.
    private static func delay(_ tries: Int, _ fraction: Double) -> Duration {
        backoff.delay(retry: tries, fraction: 0.5 + fraction / 2)
    }
}

extension FailureCode {
    /// True where the failure is about this worker and its Redis: what was made stays, and the job is taken up from there.
    var leavesJobAsItIs: Bool { self == .leaseLost || self == .storeUnavailable }

    /// True where another PM may do better.
    var isAboutMachine: Bool { isMachineFault || self == .machineClosed }

    /// True where the PM is to blame, so that it comes after others for a while; to be closed by people is no fault.
    var isMachineFault: Bool {
        switch self {
        case .machineUnreachable, .deadline, .hypervisor, .networkUnavailable, .storageFull, .unknownPM: true
        default: false
        }
    }
}
