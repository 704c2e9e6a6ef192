package import Model
import RedisClient
import Telemetry

package import struct Foundation.UUID

/// A request that was accepted.
package struct Acceptance: Hashable, Sendable {
    /// Its job.
    package let job: JobID
    /// Its VM.
    package let vm: VMID
    /// What distinguishes the job from any other that may have its number in another history of Redis; nil where nobody asked for it.
    package let nonce: JobNonce?
    /// Whether it was accepted before, by a request with the same key.
    package let isReplay: Bool

    package init(job: JobID, vm: VMID, nonce: JobNonce?, isReplay: Bool = false) {
        (self.job, self.vm, self.nonce, self.isReplay) = (job, vm, nonce, isReplay)
    }
}

extension Store {
    /// Accepts a create: one script, one round trip, all or nothing.
    ///
    /// - Parameters:
    ///   - name: the VM's name, validated.
    ///   - type: the type.
    ///   - image: the image.
    ///   - uuid: the UUID that the domain will have.
    ///   - constraints: where the VM may go, validated.
    ///   - notes: what its owner says of it, validated.
    ///   - project: the project that it is made in.
    ///   - seed: what its guest is given by a seed disk; nil for none.
    ///   - roomWait: how long it waits for room where there is none; nil for not at all.
    ///   - request: the id of the HTTP request, kept with the job.
    ///   - key: the client's own key for the request.
    /// - Returns: the job and the VM's number.
    /// - Throws: `Failure` with `unknownType`, `unknownImage`, `unknownProject`, `quotaExceeded`, `groupConflict`,
    ///   `queueFull`, `storeFull`, `notReady` or `storeUnavailable`.
    package func enqueueCreate(
        name: String,
        type: TypeID,
        image: ImageID,
        uuid: UUID = UUID(),
        constraints: PlacementConstraints = .none,
        notes: VMNotes = .none,
        project: ProjectName = .default,
        seed: GuestSeed? = nil,
        roomWait: Duration? = nil,
        request: String,
        key: IdempotencyKey? = nil
    ) async throws(Failure) -> Acceptance {
        let wanted: ScriptArguments = [
            "name": name, "uuid": uuid.uuidString.lowercased(), "type_id": type.value, "image_id": image.value,
            "request": request, "constraints": constraints.recordText, "groups": constraints.groupWords, "hold": "",
            "labels": notes.labelWords, "description": notes.description ?? "", "project": project.description,
            "room_wait_ms": roomWait.milliseconds,
        ]
        return try await enqueue(.enqueueCreate, wanted + seed.arguments, type: type, image: image, key: key)
    }

    /// Accepts the build of a hold, which becomes the VM.
    ///
    /// - Parameters:
    ///   - hold: the hold.
    ///   - name: the VM's name, validated.
    ///   - image: the image.
    ///   - notes: what its owner says of it, validated.
    ///   - project: the one that the hold must be of; nil for any.
    ///   - seed: what its guest is given by a seed disk; nil for none.
    ///   - request: the id of the HTTP request, kept with the job.
    ///   - key: the client's own key for the request.
    /// - Returns: the job and the VM's number, which is the hold's.
    /// - Throws: `Failure` with `unknownHold`, `unknownImage`, `notReady` or `storeUnavailable`.
    package func enqueueBuild(
        of hold: VMID,
        name: String,
        image: ImageID,
        notes: VMNotes = .none,
        project: ProjectName? = nil,
        seed: GuestSeed? = nil,
        request: String,
        key: IdempotencyKey? = nil
    ) async throws(Failure) -> Acceptance {
        let wanted: ScriptArguments = [
            "name": name, "uuid": "", "type_id": "", "image_id": image.value, "request": request, "constraints": "",
            "groups": "", "hold": hold.value, "labels": notes.labelWords, "description": notes.description ?? "",
            "project": project?.description ?? "",
            "room_wait_ms": "",
        ]
        return try await enqueue(.enqueueCreate, wanted + seed.arguments, type: nil, image: image, key: key)
    }

    /// Accepts a hold: a claim for a VM that is not built yet.
    ///
    /// - Parameters:
    ///   - type: the type.
    ///   - image: the image.
    ///   - constraints: where the VM may go, validated.
    ///   - seconds: how long the claim is held.
    ///   - project: the project that it is made in.
    ///   - uuid: the UUID that the domain will have.
    ///   - request: the id of the HTTP request, kept with the job.
    ///   - key: the client's own key for the request.
    /// - Returns: the job and the hold's number, which is the VM's.
    /// - Throws: as for a create.
    package func enqueueHold(
        type: TypeID,
        image: ImageID,
        constraints: PlacementConstraints = .none,
        seconds: Int,
        project: ProjectName = .default,
        uuid: UUID = UUID(),
        request: String,
        key: IdempotencyKey? = nil
    ) async throws(Failure) -> Acceptance {
        let wanted: ScriptArguments = [
            "name": "hold", "uuid": uuid.uuidString.lowercased(), "type_id": type.value, "image_id": image.value,
            "request": request, "constraints": constraints.recordText, "groups": constraints.groupWords,
            "seconds": seconds, "project": project.description,
        ]
        return try await enqueue(.enqueueHold, wanted, type: type, image: image, key: key)
    }

    private func enqueue(
        _ script: StoreScript,
        _ wanted: ScriptArguments,
        type: TypeID?,
        image: ImageID,
        key: IdempotencyKey?
    ) async throws(Failure) -> Acceptance {
        try await ensureMemory()
        let nonce = JobNonce()
        let limit: ScriptArguments = ["queue_limit": queueLimit]
        let reply: EnqueueReply = try await runOnce(script, wanted + limit + identity(nonce, key))
        return try acceptance(reply, nonce, type: type, image: image)
    }

    /// Sees that groups have no other rules than those that are asked for (HGET).
    ///
    /// - Parameter groups: the groups.
    /// - Throws: `Failure` with `groupConflict` or `storeUnavailable`.
    package func checkGroups(_ groups: [String: GroupRule]) async throws(Failure) {
        let groups = groups.sorted { $0.key < $1.key }
        let rules = try await pipeline(groups.map { ["HGET", keys.group($0.key), "rule"] })
        for ((group, wanted), known) in zip(groups, rules) {
            guard let rule = known.string, rule != wanted.rawValue else { continue }
            throw Failure(groupConflict: group, rule: rule)
        }
    }

    /// Accepts a destroy: one script, one round trip, all or nothing.
    ///
    /// - Parameters:
    ///   - vm: the VM.
    ///   - project: the one that it must be of; nil for any.
    ///   - versions: those of which the VM must have one; nil for any.
    ///   - request: the id of the HTTP request, kept with the job.
    ///   - key: the client's own key for the request.
    /// - Returns: the job.
    /// - Throws: `Failure` with `unknownVM`, `changedSince`, `alreadyDestroying`, `notReady` or `storeUnavailable`.
    package func enqueueDestroy(
        _ vm: VMID,
        of project: ProjectName? = nil,
        ifVersion versions: [String]? = nil,
        request: String,
        key: IdempotencyKey? = nil
    ) async throws(Failure) -> Acceptance {
        try await enqueue(.destroy, on: vm, as: "", of: project, ifVersion: versions, request: request, key: key)
    }

    /// Accepts that a hold is given back, where nobody builds it.
    ///
    /// - Parameters:
    ///   - hold: the hold.
    ///   - project: the one that it must be of; nil for any.
    ///   - request: the id of the HTTP request, kept with the job.
    ///   - key: the client's own key for the request.
    /// - Returns: the job.
    /// - Throws: `Failure` with `unknownHold`, `notReady` or `storeUnavailable`.
    package func enqueueRelease(
        of hold: VMID,
        in project: ProjectName? = nil,
        request: String,
        key: IdempotencyKey? = nil
    ) async throws(Failure) -> Acceptance {
        do throws(Failure) {
            return try await enqueue(.destroy, on: hold, as: "hold", of: project, request: request, key: key)
        } catch {
            throw error.code == .unknownVM ? .unknownHold(hold) : error
        }
    }

    /// Accepts a job on a VM that is there, of an operation that takes no capacity: one script, one round trip, all or
    /// nothing.
    ///
    /// - Parameters:
    ///   - kind: the operation.
    ///   - vm: the VM.
    ///   - request: the id of the HTTP request, kept with the job.
    ///   - key: the client's own key for the request.
    /// - Returns: the job.
    /// - Throws: `Failure` with `unknownVM`, `alreadyDestroying`, `wrongState`, `notReady` or `storeUnavailable`.
    package func enqueue(
        _ kind: Job.Kind,
        on vm: VMID,
        request: String,
        key: IdempotencyKey? = nil
    ) async throws(Failure) -> Acceptance {
        try await enqueue(kind, on: vm, as: "", request: request, key: key)
    }

    private func enqueue(
        _ kind: Job.Kind,
        on vm: VMID,
        as subject: String,
        of project: ProjectName? = nil,
        ifVersion versions: [String]? = nil,
        request: String,
        key: IdempotencyKey?
    ) async throws(Failure) -> Acceptance {
        let nonce = JobNonce()
        let wanted: ScriptArguments = [
            "kind": kind.rawValue, "vm": vm.value, "request": request, "subject": subject,
            "if_versions": versions.conditionWords, "project": project?.description ?? "",
        ]
        return try await acceptance(kind, on: vm, nonce, runOnce(.enqueueOnVM, wanted + identity(nonce, key)))
    }

    func acceptance(
        _ kind: Job.Kind,
        on vm: VMID,
        _ nonce: JobNonce,
        _ reply: EnqueueOnVMReply
    ) throws(Failure) -> Acceptance {
        switch reply {
        case .accepted(let job, let vm): return acceptance(job, vm, nonce)
        case .known(let request): return try request.acceptance
        case .notReady: throw .notReady
        case .otherSchema: throw .otherSchema
        case .rejected(let kind, let reason): throw .rejected(kind, reason: reason)
        case .unknownVM: throw Failure(.unknownVM, "there is no VM \(vm)")
        case .changed: throw .changedSince("VM \(vm)")
        case .unknownHold: throw .unknownHold(vm)
        case .underWay(let job) where kind == .destroy:
            throw Failure(.alreadyDestroying, "job \(job) destroys VM \(vm) already: query it until it is gone")
        case .underWay(let job):
            throw Failure(.wrongState, "job \(job) does that to VM \(vm) already: wait for its end")
        case .wrongState(let state):
            throw Failure(.wrongState, "VM \(vm) is \(state), and no \(kind) begins in that state")
        case .tooSmall:
            throw Failure(.invalidRequest, "VM \(vm) would have no CPU or no memory left: take less from it")
        case .refusedByProject(let failure): throw failure
        case .queueFull(let length): throw .queueFull(length, limit: queueLimit)
        }
    }

    /// What each script that accepts something ends its arguments with.
    func identity(_ nonce: JobNonce, _ key: IdempotencyKey?) -> ScriptArguments {
        [
            "nonce": nonce.text, "job_floor": numbersSeen.job, "vm_floor": numbersSeen.vm,
            "idempotency_key": key?.name ?? "", "fingerprint": key?.fingerprint ?? "",
            "trace": TraceContext.current?.text ?? "",
        ]
    }

    func acceptance(_ job: JobID, _ vm: VMID, _ nonce: JobNonce) -> Acceptance {
        numbersSeen.note(job: job, vm: vm)
        return Acceptance(job: job, vm: vm, nonce: nonce)
    }
}

extension Duration? {
    /// As scripts take it: whole milliseconds, or nothing.
    var milliseconds: String { map { "\($0.milliseconds)" } ?? "" }
}

extension PlacementConstraints {
    /// As a record has them: nothing where nothing is asked.
    var recordText: String { self == .none ? "" : json }
}
