public import Model
import RedisClient

/// What the original API tells of a VM.
public struct VMSummary: Hashable, Sendable {
    /// Its number.
    public let id: VMID
    /// Its name.
    public let name: String
    /// Its type.
    public let type: TypeID
    /// The PM that holds it; nil before it is placed.
    public let pm: PMID?
}

/// Where a job stands.
public struct JobStatus: Hashable, Sendable {
    /// Its state.
    public let state: Job.State
    /// Why it failed; nil where it did not.
    public let failure: Failure?

    /// Makes a status.
    ///
    /// - Parameters:
    ///   - state: its state.
    ///   - failure: why it failed.
    public init(state: Job.State, failure: Failure?) {
        self.state = state
        self.failure = failure
    }
}

extension Store {
    /// What the original API tells of a VM, in one round trip (HMGET).
    ///
    /// - Parameter id: the VM.
    /// - Returns: nil where there is none.
    /// - Throws: `Failure`.
    public func summary(of id: VMID) async throws(Failure) -> VMSummary? {
        let fields = try await send(["HMGET", keys.vm(id), "name", "type", "pm"]).array ?? []
        guard fields.count == 3, let name = fields[0].string, let type = fields[1].int.flatMap(TypeID.init) else {
            return nil
        }
        return VMSummary(id: id, name: name, type: type, pm: fields[2].int.flatMap(PMID.init))
    }

    /// A VM's whole record (HGETALL).
    ///
    /// - Parameter id: the VM.
    /// - Returns: nil where there is none.
    /// - Throws: `Failure`.
    public func vm(_ id: VMID) async throws(Failure) -> VMStatus? {
        try await send(["HGETALL", keys.vm(id)]).map.flatMap(VMStatus.init(record:))
    }

    /// A PM's whole record (HGETALL).
    ///
    /// - Parameter id: the PM.
    /// - Returns: nil where there is none.
    /// - Throws: `Failure`.
    public func machine(_ id: PMID) async throws(Failure) -> PhysicalMachine? {
        try await send(["HGETALL", keys.pm(id)]).map.flatMap(PhysicalMachine.init(record:))
    }

    /// The PMs that are listed, by number.
    ///
    /// - Throws: `Failure`.
    public func machines() async throws(Failure) -> [PMID] {
        try await send(["ZRANGE", keys.pms, "0", "-1"]).identifiers()
    }

    /// The VMs that hold room on a PM, by number.
    ///
    /// - Parameter id: the PM.
    /// - Returns: nil where the PM is unknown.
    /// - Throws: `Failure`.
    public func vms(on id: PMID) async throws(Failure) -> [VMID]? {
        let replies = try await pipeline([["EXISTS", keys.pm(id)], ["SMEMBERS", keys.vms(on: id)]])
        guard replies[0].int == 1 else { return nil }
        return replies[1].identifiers().sorted()
    }

    /// The types that are listed, by number.
    ///
    /// - Throws: `Failure`.
    public func types() async throws(Failure) -> [InstanceType] {
        let ids: [TypeID] = try await send(["ZRANGE", keys.types, "0", "-1"]).identifiers()
        let records = try await pipeline(ids.map { ["HGETALL", keys.type($0)] })
        return zip(ids, records).compactMap { id, record in
            record.map.flatMap { Resources(record: $0, prefix: "") }.map { InstanceType(id: id, needs: $0) }
        }
    }

    /// The images that are listed, by number.
    ///
    /// - Throws: `Failure`.
    public func images() async throws(Failure) -> [Image] {
        let ids: [ImageID] = try await send(["ZRANGE", keys.images, "0", "-1"]).identifiers()
        let records = try await pipeline(ids.map { ["HGETALL", keys.image($0)] })
        return records.compactMap { $0.map.flatMap(Image.init(record:)) }
    }

    /// What is registered of an image's file, where VMs may be asked for with it (ZSCORE, HGETALL in one round trip).
    ///
    /// - Parameter id: the image.
    /// - Returns: nil where the image file has no such image.
    /// - Throws: `Failure`.
    public func listedImage(_ id: ImageID) async throws(Failure) -> ImageRegistration? {
        let replies = try await pipeline([["ZSCORE", keys.images, id.value], ["HGETALL", keys.image(id)]])
        guard replies[0].string != nil else { return nil }
        return replies[1].map.flatMap(ImageRegistration.init(record:))
    }

    /// What is registered of an image's file.
    ///
    /// - Parameter id: the image.
    /// - Returns: nil where there is no such image.
    /// - Throws: `Failure`.
    public func imageRegistration(_ id: ImageID) async throws(Failure) -> ImageRegistration? {
        try await send(["HGETALL", keys.image(id)]).map.flatMap(ImageRegistration.init(record:))
    }

    /// How many tries of a job failed so far.
    ///
    /// - Parameter id: the job.
    /// - Returns: the number.
    /// - Throws: `Failure`.
    public func tries(of id: JobID) async throws(Failure) -> Int {
        try await send(["HGET", keys.job(id), "tries"]).int ?? 0
    }

    /// The UUIDs of the VMs that hold room on a PM, lower-case.
    ///
    /// - Parameter id: the PM.
    /// - Returns: the UUIDs.
    /// - Throws: `Failure`.
    public func claimants(on id: PMID) async throws(Failure) -> Set<String> {
        let vms: [VMID] = try await send(["SMEMBERS", keys.vms(on: id)]).identifiers()
        return Set(try await pipeline(vms.map { ["HGET", keys.vm($0), "uuid"] }).compactMap(\.string))
    }

    /// Where a job stands.
    ///
    /// - Parameter id: the job.
    /// - Returns: nil where there is no record of it.
    /// - Throws: `Failure`.
    public func status(of id: JobID) async throws(Failure) -> JobStatus? {
        let reply = try await send(["HMGET", keys.job(id), "state", "error_code", "error", "cause"])
        return reply.array.flatMap(JobStatus.init(fields:))
    }

    /// Where accepted jobs stand (HMGET of each, in one round trip).
    ///
    /// - Parameter accepted: the jobs.
    /// - Returns: for each, nil where there is no record of it: another job may have its number by now.
    /// - Throws: `Failure`.
    public func statuses(of accepted: [Acceptance]) async throws(Failure) -> [JobStatus?] {
        let replies = try await pipeline(
            accepted.map { ["HMGET", keys.job($0.job), "state", "error_code", "error", "cause", "nonce"] }
        )
        return zip(accepted, replies).map { job, reply in
            guard let fields = reply.array, fields.last?.string == job.nonce.text else { return nil }
            return JobStatus(fields: fields)
        }
    }

    /// Whether all is known that there is: a Redis that was empty knows nothing before each PM was looked at once.
    ///
    /// - Throws: `Failure`.
    public func isReady() async throws(Failure) -> Bool {
        let replies = try await pipeline([
            ["HMGET", keys.counters, "ready_at", "began_at"], ["EXISTS", keys.pms],
        ])
        guard let times = replies[0].array?.map(\.string), times.count == 2 else { return false }
        return times[0] != nil || times[1] != nil && replies[1].int == 0
    }

    /// When something was registered in this Redis for the first time since it was empty; nil where it still is.
    ///
    /// - Throws: `Failure`.
    public func beganAt() async throws(Failure) -> String? {
        try await send(["HGET", keys.counters, "began_at"]).string
    }
}

extension JobStatus {
    /// Reads `{state, error_code, error, cause, …}`; nil where there is no such job.
    fileprivate init?(fields: [RESPValue]) {
        guard fields.count >= 4, let state = fields[0].string.flatMap(Job.State.init) else { return nil }
        self.init(state: state, failure: Failure(record: fields[1].string, fields[2].string, fields[3].string))
    }
}

extension Image {
    init?(record: [String: String]) {
        guard let id = record["id"].flatMap(ImageID.init), let name = record["name"], let path = record["path"] else {
            return nil
        }
        self.init(id: id, name: name, path: path)
    }
}

extension ImageRegistration {
    init?(record: [String: String]) {
        guard let image = Image(record: record) else { return nil }
        guard record["state"] == "ready", let format = record["format"].flatMap(ImageFormat.init),
            let fileBytes = record["file_bytes"].flatMap({ Int64($0) }),
            let diskBytes = record["disk_bytes"].flatMap({ Int64($0) }), let fingerprint = record["fingerprint"]
        else {
            let reason = record["reason"] ?? ""
            if record["state"] == "fetching" {
                self.init(path: image.path, name: image.name, fetching: reason)
            } else {
                self.init(path: image.path, name: image.name, unusable: reason)
            }
            return
        }
        let facts = Facts(format: format, fileBytes: fileBytes, diskBytes: diskBytes, fingerprint: fingerprint)
        self.init(path: image.path, name: image.name, facts: facts)
    }
}

extension Failure {
    /// A failure as a job's record has it; nil where the code is empty.
    init?(record code: String?, _ message: String?, _ cause: String?) {
        guard let code, !code.isEmpty else { return nil }
        let cause = cause.flatMap { $0.isEmpty ? nil : $0 }
        self.init(FailureCode(rawValue: code) ?? .internalFault, message ?? "", cause: cause)
    }
}
