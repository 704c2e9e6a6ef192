package import Model

extension FailureCode {
    /// What to do next, for people; docs/operations.md says more.
    package var fix: String {
        switch self {
        case .invalidRequest: "correct what the detail names"
        case .unauthorized: "send the header Authorization: Bearer TOKEN"
        case .crossSite: "send the request from a program, or from a page of this gateway"
        case .unknownCall, .methodNotAllowed: "see /openapi.json for the calls and their methods"
        case .unknownVM, .unknownPM, .unknownType, .unknownImage, .unknownHold, .unknownJob: "check the number"
        case .requestTimeout: "send the request again, faster"
        case .requestTooLarge: "send less"
        case .misdirected: "address the gateway as localhost, or have HVC_API_TOKEN set"
        case .alreadyDestroying: "wait for the job that the detail names"
        case .wrongState: "wait until the VM is in a state in which this can be done"
        case .noCapacity: "destroy VMs, add PMs, raise overcommit, or ask for less"
        case .noMatch: "ask for less of the place, or change tags and groups"
        case .cancelled: "ask for it again where it is wanted after all"
        case .keyReused: "give the request a key of its own"
        case .ambiguousName: "give the number in place of the name"
        case .changedSince: "read the object again, and decide anew"
        case .cursorExpired: "read the lists again, and go on from their events_cursor"
        case .groupConflict: "use the rule that the group has"
        case .notSupported: "ask as the detail says"
        case .imageUnusable: "replace the image's file, and send SIGHUP to the workers"
        case .imageTooLarge: "choose a type with a larger disk"
        case .imageFetching: "wait: the job goes on when the image is there"
        case .noMachine: "see the reasons of the PMs, and repair what they say"
        case .machineClosed: "open a PM to new VMs, and try again"
        case .machineUnreachable: "try the command that the detail names on the worker's machine"
        case .hypervisor: "see the cause, and libvirt's log on the PM"
        case .networkUnavailable: "define or start the network on the PMs, or choose another one"
        case .storageFull: "free space in the PM's pool"
        case .deadline: "see why the PM is slow, and try again"
        case .workerBusy: "start more workers, or raise their limit of open files"
        case .noWorker: "start a worker"
        case .overloaded, .tooManyWaiting, .notReady: "try again later"
        case .queueFull: "see that workers run, and try again when they have taken some jobs"
        case .storeFull: "destroy VMs, keep less history, or give Redis more memory"
        case .storeUnavailable: "see that Redis runs, and try again"
        case .outcomeUnknown: "repeat it with the same Idempotency-Key; without one, see first whether it was accepted"
        case .leaseLost: "see the worker's log"
        case .gaveUp: "see the workers' logs for what ended them, repair that, and destroy the VM"
        case .malformedRecord, .malformedEntry: "run hvc-worker audit"
        case .internalFault: "report it with the log of the gateway and the workers"
        }
    }
}
