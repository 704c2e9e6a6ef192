extension FailureCode {
    /// True where the failure is about this worker and its Redis: what was made stays, and the job resumes from there.
    package var leavesJobAsItIs: Bool { self == .leaseLost || self == .storeUnavailable || self == .workerBusy }

    /// True where another PM may do better.
    package var isAboutPM: Bool { isPMFault || self == .machineClosed }

    /// True where the failure counts against the PM, so that it comes after others for a while.
    ///
    /// It does not where people closed the PM.
    package var isPMFault: Bool {
        switch self {
        case .machineUnreachable, .deadline, .hypervisor, .networkUnavailable, .storageFull, .unknownPM: true
        default: false
        }
    }
}
