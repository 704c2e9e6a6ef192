package import Model

extension FailureCode {
    /// The HTTP status of the code; the only mapping there is.
    package var status: Int {
        switch self {
        case .invalidRequest: 400
        case .unauthorized: 401
        case .crossSite, .forbidden: 403
        case .unknownCall, .unknownVM, .unknownPM, .unknownType, .unknownImage, .unknownHold: 404
        case .unknownBatch, .unknownJob, .unknownRule, .unknownToken, .unknownProject, .unknownWebhook: 404
        case .unknownDelivery, .unknownSSHKey: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .alreadyDestroying, .cancelled, .wrongState, .noCapacity, .noMatch, .groupConflict, .ambiguousName: 409
        case .limitReached, .projectExists, .sshKeyExists, .projectInUse, .quotaExceeded: 409
        case .consoleBusy: 409
        case .cursorExpired: 410
        case .changedSince: 412
        case .requestTooLarge: 413
        case .offsetNotKept: 416
        case .misdirected: 421
        case .imageUnusable, .imageTooLarge, .keyReused: 422
        case .rateLimited: 429
        case .leaseLost, .gaveUp, .malformedEntry, .malformedRecord, .internalFault: 500
        case .notSupported: 501
        case .machineUnreachable, .hypervisor: 502
        case .noMachine, .notReady, .imageFetching, .machineClosed, .networkUnavailable: 503
        case .storeUnavailable, .storeFull, .queueFull, .overloaded, .noWorker, .tooManyWaiting, .workerBusy: 503
        case .rejectedByRule: 503
        case .deadline, .outcomeUnknown: 504
        case .storageFull: 507
        }
    }
}
