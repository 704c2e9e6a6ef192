public import Model
import RedisClient

public import struct Foundation.UUID

/// A request that was accepted.
public struct Acceptance: Hashable, Sendable {
    /// Its job.
    public let job: JobID
    /// Its VM.
    public let vm: VMID
}

extension Store {
    /// Accepts a create: one script, one round trip, all or nothing.
    ///
    /// - Parameters:
    ///   - name: the VM's name, validated.
    ///   - type: the type.
    ///   - image: the image.
    ///   - uuid: the UUID that the domain will have.
    ///   - request: the id of the HTTP request, kept with the job.
    /// - Returns: the job and the VM's number.
    /// - Throws: `Failure` with `unknownType`, `unknownImage`, `notReady` or `storeUnavailable`.
    public func enqueueCreate(
        name: String,
        type: TypeID,
        image: ImageID,
        uuid: UUID = UUID(),
        request: String
    ) async throws(Failure) -> Acceptance {
        let reply = try await runOnce(
            .enqueueCreate,
            keys: [keys.queue],
            [name, uuid.uuidString.lowercased(), type.value, image.value, request]
        )
        switch reply.array?.first?.string {
        case "not_ready": throw Failure.notReady
        case "unknown_type": throw Failure(.unknownType, "there is no type \(type): /vm/types lists them")
        case "unknown_image": throw Failure(.unknownImage, "there is no image \(image): /image/list lists them")
        default: return try acceptance(reply, from: "enqueue-create")
        }
    }

    /// Accepts a destroy: one script, one round trip, all or nothing.
    ///
    /// - Parameters:
    ///   - vm: the VM.
    ///   - request: the id of the HTTP request, kept with the job.
    /// - Returns: the job.
    /// - Throws: `Failure` with `unknownVM`, `alreadyDestroying`, `notReady` or `storeUnavailable`.
    public func enqueueDestroy(_ vm: VMID, request: String) async throws(Failure) -> Acceptance {
        let reply = try await runOnce(.enqueueDestroy, keys: [keys.queue], [vm.value, request])
        switch reply.array?.first?.string {
        case "not_ready": throw Failure.notReady
        case "unknown_vm": throw Failure(.unknownVM, "there is no VM \(vm)")
        case "already_destroying":
            let job = reply.array?.last?.string ?? "?"
            throw Failure(.alreadyDestroying, "job \(job) destroys VM \(vm) already: query it until it is gone")
        default: return try acceptance(reply, from: "enqueue-destroy")
        }
    }

    private func acceptance(_ reply: RESPValue, from script: String) throws(Failure) -> Acceptance {
        guard let fields = reply.array, fields.count == 3, fields[0].string == "ok",
            let job = fields[1].int.flatMap(JobID.init), let vm = fields[2].int.flatMap(VMID.init)
        else { throw unexpected(reply, from: script) }
        return Acceptance(job: job, vm: vm)
    }
}

extension Failure {
    /// Redis was empty, and the machines are not all looked at yet.
    public static let notReady = Failure(
        .notReady,
        "the machines are being looked at, since Redis was empty: try again in a moment; if it stays so, see that workers run"
    )
}
