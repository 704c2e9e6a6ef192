/// What went wrong, as a value: a stable code, a message for people that names what to do, and a cause.
package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The stable code; the gateway maps it to an HTTP status, people search for it.
    package let code: FailureCode
    /// What happened and what to do about it.
    package let message: String
    /// What the part below said, as text; nil where nothing is below.
    package let cause: String?
    /// The place in a request's body that is wrong, as a JSON pointer (RFC 6901): empty for the whole body; nil where the
    /// failure is not about a place in a body.
    package let pointer: String?
    /// The quota that was exceeded; nil where none was.
    package let quota: QuotaExcess?

    package init(
        _ code: FailureCode,
        _ message: String,
        cause: String? = nil,
        pointer: String? = nil,
        quota: QuotaExcess? = nil
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.pointer = pointer
        self.quota = quota
    }

    /// Code, message and cause on one line.
    package var description: String {
        if let cause { "\(code.rawValue): \(message) (\(cause))" } else { "\(code.rawValue): \(message)" }
    }
}

/// The stable codes of failures.
package enum FailureCode: String, Hashable, Sendable, CaseIterable, Codable {
    /// The request is not of the form that the call takes.
    case invalidRequest = "invalid_request"
    /// The call is not one of ours.
    case unknownCall = "unknown_call"
    /// The call does not take this HTTP method.
    case methodNotAllowed = "method_not_allowed"
    /// The request carries no valid token.
    case unauthorized
    /// The caller's role is too low for the call.
    case forbidden
    /// The caller makes more calls than it may.
    case rateLimited = "rate_limited"
    /// There are as many objects of the kind as there may be.
    case limitReached = "limit_reached"
    /// There is no such token.
    case unknownToken = "unknown_token"
    /// There is no such project.
    case unknownProject = "unknown_project"
    /// There is a project of this name already.
    case projectExists = "project_exists"
    /// The project has VMs, tokens or SSH keys.
    case projectInUse = "project_in_use"
    /// There is no SSH key of this name in the project.
    case unknownSSHKey = "unknown_ssh_key"
    /// There is an SSH key of this name in the project already.
    case sshKeyExists = "ssh_key_exists"
    /// The project may not have so much.
    case quotaExceeded = "quota_exceeded"
    /// There is no such webhook.
    case unknownWebhook = "unknown_webhook"
    /// No such message to a webhook is remembered.
    case unknownDelivery = "unknown_delivery"
    /// The request's body or head is larger than is taken.
    case requestTooLarge = "request_too_large"
    /// The client took too long to send its request.
    case requestTimeout = "request_timeout"
    /// The request is meant for another host.
    case misdirected = "misdirected_request"
    /// As much is under way as there may be.
    case overloaded
    /// No VM has this number.
    case unknownVM = "unknown_vm"
    /// No PM has this number.
    case unknownPM = "unknown_pm"
    /// No type has this number.
    case unknownType = "unknown_type"
    /// No image has this number.
    case unknownImage = "unknown_image"
    /// No hold has this number.
    case unknownHold = "unknown_hold"
    /// No batch has this number.
    case unknownBatch = "unknown_batch"
    /// No job has this number.
    case unknownJob = "unknown_job"
    /// Another request had the same key.
    case keyReused = "key_reused"
    /// The job was cancelled.
    case cancelled
    /// More than one object has this name.
    case ambiguousName = "ambiguous_name"
    /// The object is not as the caller knows it any more.
    case changedSince = "changed_since"
    /// The events behind the cursor are not all kept any more.
    case cursorExpired = "cursor_expired"
    /// The byte of a console is kept no more, or is still to come.
    case offsetNotKept = "offset_not_kept"
    /// Another one writes to the console.
    case consoleBusy = "console_busy"
    /// The group has another rule.
    case groupConflict = "group_conflict"
    /// What is asked cannot be done by this version.
    case notSupported = "not_supported"
    /// A destroy of this VM was accepted before.
    case alreadyDestroying = "already_destroying"
    /// The VM is in a state in which what is asked cannot be done.
    case wrongState = "wrong_state"
    /// The image's file is missing, unreadable, changed or no disk image.
    case imageUnusable = "image_unusable"
    /// The image is on its way from the machine where it lies.
    case imageFetching = "image_fetching"
    /// The image is larger than the type's disk.
    case imageTooLarge = "image_too_large"
    /// Every PM that could take the VM is full.
    case noCapacity = "no_capacity"
    /// No PM is up.
    case noMachine = "no_machine"
    /// No worker is alive, so that nothing that is accepted is done.
    case noWorker = "no_worker"
    /// As many callers wait for the outcome of their jobs as there may be.
    case tooManyWaiting = "too_many_waiting"
    /// No available PM satisfies the constraints of the request.
    case noMatch = "no_match"
    /// Redis was empty, and what there is on the PMs is not known yet.
    case notReady = "not_ready"
    /// The PM does not answer.
    case machineUnreachable = "machine_unreachable"
    /// The PM was closed to new VMs between the claim and the first act there.
    case machineClosed = "machine_closed"
    /// The PM lacks the network that guests are to be attached to.
    case networkUnavailable = "network_unavailable"
    /// The PM's storage has no room.
    case storageFull = "storage_full"
    /// libvirt refused an operation.
    case hypervisor
    /// The PM was busy for longer than the deadline.
    case deadline
    /// The worker has as many connections open as it may, which says nothing of the PM.
    case workerBusy = "worker_busy"
    /// The worker gave up the job, since its lease ran out or it was stopped.
    case leaseLost = "lease_lost"
    /// The job ended its workers one after another, and nobody tries it again.
    case gaveUp = "gave_up"
    /// An entry on the queue is none of ours.
    case malformedEntry = "malformed_entry"
    /// A record in Redis is not as our scripts write it.
    case malformedRecord = "malformed_record"
    /// Redis does not answer, or not as it must.
    case storeUnavailable = "store_unavailable"
    /// Redis has no memory for what is new.
    case storeFull = "store_full"
    /// As many jobs are queued as there may be.
    case queueFull = "queue_full"
    /// A rule of people rejects jobs of this kind.
    case rejectedByRule = "rejected_by_rule"
    /// There is no rule for jobs of this kind.
    case unknownRule = "unknown_rule"
    /// Redis may have taken the request, and did not say so.
    case outcomeUnknown = "outcome_unknown"
    /// A page of another site made a browser send the request.
    case crossSite = "cross_site"
    /// A fault of ours.
    case internalFault = "internal"
}
