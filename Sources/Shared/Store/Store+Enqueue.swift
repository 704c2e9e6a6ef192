package import Model
import RedisClient

package import struct Foundation.UUID

/// A request that was accepted.
package struct Acceptance: Hashable, Sendable {
    /// Its job.
    package let job: JobID
    /// Its VM.
    package let vm: VMID
    /// What tells the job from any other that may have its number in another history of Redis.
    package let nonce: JobNonce
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
    ///   - request: the id of the HTTP request, kept with the job.
    /// - Returns: the job and the VM's number.
    /// - Throws: `Failure` with `unknownType`, `unknownImage`, `groupConflict`, `notReady` or `storeUnavailable`.
    package func enqueueCreate(
        name: String,
        type: TypeID,
        image: ImageID,
        uuid: UUID = UUID(),
        constraints: PlacementConstraints = .none,
        request: String
    ) async throws(Failure) -> Acceptance {
        let wanted: [any RedisArgumentConvertible] = [
            name, uuid.uuidString.lowercased(), type.value, image.value, request, constraints.recordText,
            constraints.groupWords, "",
        ]
        return try await enqueue(.enqueueCreate, wanted, type: type, image: image)
    }

    /// Accepts the build of a hold, which becomes the VM.
    ///
    /// - Parameters:
    ///   - hold: the hold.
    ///   - name: the VM's name, validated.
    ///   - image: the image.
    ///   - request: the id of the HTTP request, kept with the job.
    /// - Returns: the job and the VM's number, which is the hold's.
    /// - Throws: `Failure` with `unknownHold`, `unknownImage`, `notReady` or `storeUnavailable`.
    package func enqueueBuild(
        of hold: VMID,
        name: String,
        image: ImageID,
        request: String
    ) async throws(Failure) -> Acceptance {
        let wanted: [any RedisArgumentConvertible] = [name, "", "", image.value, request, "", "", hold.value]
        return try await enqueue(.enqueueCreate, wanted, type: nil, image: image)
    }

    /// Accepts a hold: room for a VM that is not built yet.
    ///
    /// - Parameters:
    ///   - type: the type.
    ///   - image: the image.
    ///   - constraints: where the VM may go, validated.
    ///   - seconds: how long the room is held.
    ///   - request: the id of the HTTP request, kept with the job.
    /// - Returns: the job and the hold's number, which is the VM's.
    /// - Throws: as for a create.
    package func enqueueHold(
        type: TypeID,
        image: ImageID,
        constraints: PlacementConstraints = .none,
        seconds: Int,
        request: String
    ) async throws(Failure) -> Acceptance {
        let wanted: [any RedisArgumentConvertible] = [
            "hold", UUID().uuidString.lowercased(), type.value, image.value, request, constraints.recordText,
            constraints.groupWords, seconds,
        ]
        return try await enqueue(.enqueueHold, wanted, type: type, image: image)
    }

    private func enqueue(
        _ script: RedisScript,
        _ wanted: [any RedisArgumentConvertible],
        type: TypeID?,
        image: ImageID
    ) async throws(Failure) -> Acceptance {
        let nonce = JobNonce()
        let reply = try await runOnce(script, keys: [keys.queue, keys.holds], wanted + identity(nonce))
        let words = reply.array?.compactMap(\.string) ?? []
        switch words.first {
        case "not_ready": throw Failure.notReady
        case "unknown_type":
            throw Failure(.unknownType, "there is no type \(type?.description ?? ""): /vm/types lists them")
        case "unknown_image": throw Failure.unknownImage(image)
        case "unknown_hold": throw Failure(.unknownHold, "there is no such hold: \(Failure.whyNoHold)")
        case "group_conflict":
            throw Failure(groupConflict: words.dropFirst().first ?? "", rule: words.last ?? "")
        default: return try acceptance(reply, nonce, from: script.name)
        }
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
    ///   - request: the id of the HTTP request, kept with the job.
    /// - Returns: the job.
    /// - Throws: `Failure` with `unknownVM`, `alreadyDestroying`, `notReady` or `storeUnavailable`.
    package func enqueueDestroy(_ vm: VMID, request: String) async throws(Failure) -> Acceptance {
        try await enqueueDestroy(vm, as: "", request: request)
    }

    /// Accepts that a hold is given back, where nobody builds it.
    ///
    /// - Parameters:
    ///   - hold: the hold.
    ///   - request: the id of the HTTP request, kept with the job.
    /// - Returns: the job.
    /// - Throws: `Failure` with `unknownHold`, `notReady` or `storeUnavailable`.
    package func enqueueRelease(of hold: VMID, request: String) async throws(Failure) -> Acceptance {
        do throws(Failure) { return try await enqueueDestroy(hold, as: "hold", request: request) } catch {
            throw error.code == .unknownVM ? .unknownHold(hold) : error
        }
    }

    private func enqueueDestroy(
        _ vm: VMID,
        as kind: String,
        request: String
    ) async throws(Failure) -> Acceptance {
        let nonce = JobNonce()
        let wanted: [any RedisArgumentConvertible] = [vm.value, request, kind]
        let reply = try await runOnce(.enqueueDestroy, keys: [keys.queue], wanted + identity(nonce))
        switch reply.array?.first?.string {
        case "not_ready": throw Failure.notReady
        case "unknown_vm": throw Failure(.unknownVM, "there is no VM \(vm)")
        case "unknown_hold": throw Failure.unknownHold(vm)
        case "already_destroying":
            let job = reply.array?.last?.string ?? "?"
            throw Failure(.alreadyDestroying, "job \(job) destroys VM \(vm) already: query it until it is gone")
        default: return try acceptance(reply, nonce, from: "enqueue-destroy")
        }
    }

    /// What each script that accepts something ends its arguments with.
    private func identity(_ nonce: JobNonce) -> [any RedisArgumentConvertible] {
        let (job, vm) = (numbersSeen.job, numbersSeen.vm)
        return [nonce.text, job, vm]
    }

    private func acceptance(
        _ reply: RESPValue,
        _ nonce: JobNonce,
        from script: String
    ) throws(Failure) -> Acceptance {
        guard let fields = reply.array, fields.count == 3, fields[0].string == "ok",
            let job = fields[1].int.flatMap(JobID.init), let vm = fields[2].int.flatMap(VMID.init)
        else { throw unexpected(reply, from: script) }
        numbersSeen.note(job: job, vm: vm)
        return Acceptance(job: job, vm: vm, nonce: nonce)
    }
}

extension PlacementConstraints {
    /// As a record has them: nothing where nothing is asked.
    fileprivate var recordText: String { self == .none ? "" : json }
}

extension Failure {
    fileprivate init(groupConflict group: String, rule: String) {
        self.init(.groupConflict, "the group \(group) has the rule \(rule) as long as it has VMs: use that")
    }

    fileprivate static let whyNoHold = "it waits for its room still, was built or given back, or is over"

    /// There is no such hold.
    ///
    /// - Parameter hold: the hold.
    /// - Returns: the failure.
    package static func unknownHold(_ hold: VMID) -> Failure {
        Failure(.unknownHold, "there is no hold \(hold): \(whyNoHold)")
    }

    /// There is no such image.
    ///
    /// - Parameter image: the image.
    /// - Returns: the failure.
    package static func unknownImage(_ image: ImageID) -> Failure {
        Failure(.unknownImage, "there is no image \(image): /image/list lists them")
    }

    /// Redis was empty, and the machines are not all looked at yet.
    package static let notReady = Failure(
        .notReady,
        "the machines are being looked at, since Redis was empty: try again in a moment; if it stays so, see that workers run"
    )
}
