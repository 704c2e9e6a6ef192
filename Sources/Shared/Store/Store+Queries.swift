package import Model
import RedisClient

/// What the legacy API shows of a VM.
package struct VMSummary: Hashable, Sendable {
    /// Its number.
    package let id: VMID
    /// Its name.
    package let name: String
    /// Its type.
    package let type: TypeID
    /// The PM that holds it; nil before it is placed.
    package let pm: PMID?
    /// Its project.
    package let project: ProjectName
}

/// Where a job stands.
package struct JobStatus: Hashable, Sendable {
    /// Its state.
    package let state: Job.State
    /// Why it failed; nil where it did not.
    package let failure: Failure?

    /// Makes a status.
    ///
    /// - Parameters:
    ///   - state: its state.
    ///   - failure: why it failed.
    package init(state: Job.State, failure: Failure?) {
        self.state = state
        self.failure = failure
    }
}

extension Store {
    /// What the legacy API shows of a VM, in one round trip (HMGET).
    ///
    /// - Parameter id: the VM.
    /// - Returns: nil where there is none.
    /// - Throws: `Failure`.
    package func summary(of id: VMID) async throws(Failure) -> VMSummary? {
        let names = ["name", "type", "pm", "project"]
        let command = RedisCommand("HMGET", arguments: ([keys.vm(id)] + names).map(\.redisArgument))
        let values = try await send(command).array ?? []
        if values.allSatisfy(\.isNull) { return nil }
        let fields = RecordFields(names, values, key: keys.vm(id))
        return VMSummary(
            id: id,
            name: try fields.text("name"),
            type: try fields.needed("type") { TypeID($0) },
            pm: try fields.value("pm") { PMID($0) },
            project: try fields.value("project") { ProjectName($0) } ?? .default
        )
    }

    /// A VM's whole record (HGETALL).
    ///
    /// - Parameter id: the VM.
    /// - Returns: nil where there is none.
    /// - Throws: `Failure`.
    package func vm(_ id: VMID) async throws(Failure) -> VMStatus? {
        guard let record = try await record(keys.vm(id)) else { return nil }
        return try VMStatus(record: record, key: keys.vm(id))
    }

    /// VMs' whole records, in one write (HGETALL of each); nil for each that has none.
    package func vms(_ ids: [VMID]) async throws(Failure) -> [VMStatus?] {
        var found: [VMStatus?] = []
        for (id, reply) in zip(ids, try await pipeline(ids.map { ["HGETALL", keys.vm($0)] })) {
            found.append(
                try reply.record(of: keys.vm(id)).map { (record) throws(Failure) in
                    try VMStatus(record: record, key: keys.vm(id))
                }
            )
        }
        return found
    }

    /// A PM's whole record (HGETALL).
    ///
    /// - Parameter id: the PM.
    /// - Returns: nil where there is none.
    /// - Throws: `Failure`.
    package func machine(_ id: PMID) async throws(Failure) -> PhysicalMachine? {
        guard let record = try await record(keys.pm(id)) else { return nil }
        return try PhysicalMachine(record: record, key: keys.pm(id))
    }

    /// A hash's fields (HGETALL); nil where there is none.
    private func record(_ key: String) async throws(Failure) -> [String: String]? {
        try await send(["HGETALL", key]).record(of: key)
    }

    /// The PMs that are listed, by number.
    ///
    /// - Throws: `Failure`.
    package func machines() async throws(Failure) -> [PMID] {
        try await send(["ZRANGE", keys.pms, "0", "-1"]).identifiers()
    }

    /// The types that are listed, by number.
    ///
    /// - Throws: `Failure`.
    package func types() async throws(Failure) -> [InstanceType] {
        let ids: [TypeID] = try await send(["ZRANGE", keys.types, "0", "-1"]).identifiers()
        let records = try await pipeline(ids.map { ["HGETALL", keys.type($0)] })
        var types: [InstanceType] = []
        for (id, reply) in zip(ids, records) {
            let record = try reply.listedRecord(of: keys.type(id))
            types.append(try InstanceType(id: id, record: record, key: keys.type(id)))
        }
        return types
    }

    /// The images that are listed, by number.
    ///
    /// - Throws: `Failure`.
    package func images() async throws(Failure) -> [Image] {
        let ids: [ImageID] = try await send(["ZRANGE", keys.images, "0", "-1"]).identifiers()
        let records = try await pipeline(ids.map { ["HGETALL", keys.image($0)] })
        var images: [Image] = []
        for (id, reply) in zip(ids, records) {
            images.append(try Image(record: reply.listedRecord(of: keys.image(id)), key: keys.image(id)))
        }
        return images
    }

    /// What is registered of an image's file, where VMs may be asked for with it (ZSCORE, HGETALL in one round trip).
    ///
    /// - Parameter id: the image.
    /// - Returns: nil where the image file has no such image.
    /// - Throws: `Failure`.
    package func listedImage(_ id: ImageID) async throws(Failure) -> ImageRegistration? {
        let replies = try await pipeline([["ZSCORE", keys.images, id.value], ["HGETALL", keys.image(id)]])
        guard replies[0].string != nil else { return nil }
        return try ImageRegistration(record: replies[1].listedRecord(of: keys.image(id)), key: keys.image(id))
    }

    /// What is registered of an image's file.
    ///
    /// - Parameter id: the image.
    /// - Returns: nil where there is no such image.
    /// - Throws: `Failure`.
    package func imageRegistration(_ id: ImageID) async throws(Failure) -> ImageRegistration? {
        guard let record = try await record(keys.image(id)) else { return nil }
        return try ImageRegistration(record: record, key: keys.image(id))
    }

    /// How many tries of a job failed so far.
    ///
    /// - Parameter id: the job.
    /// - Returns: the number.
    /// - Throws: `Failure`.
    package func tries(of id: JobID) async throws(Failure) -> Int {
        try await send(["HGET", keys.job(id), "tries"]).int ?? 0
    }

    /// Where a job stands.
    ///
    /// - Parameter id: the job.
    /// - Returns: nil where there is no record of it.
    /// - Throws: `Failure`.
    package func status(of id: JobID) async throws(Failure) -> JobStatus? {
        let reply = try await send(["HMGET", keys.job(id), "state", "error_code", "error", "cause"])
        guard let fields = reply.array, !fields.allSatisfy(\.isNull) else { return nil }
        return try JobStatus(fields: fields, key: keys.job(id))
    }

    /// Where accepted jobs stand (HMGET of each, in one round trip).
    ///
    /// - Parameter accepted: the jobs.
    /// - Returns: for each, nil where there is no record of it: another job may have its number by now.
    /// - Throws: `Failure`.
    package func statuses(of accepted: [Acceptance]) async throws(Failure) -> [JobStatus?] {
        let replies = try await pipeline(
            accepted.map { ["HMGET", keys.job($0.job), "state", "error_code", "error", "cause", "nonce"] }
        )
        var statuses: [JobStatus?] = []
        for (job, reply) in zip(accepted, replies) {
            guard let fields = reply.array, !fields.allSatisfy(\.isNull),
                JobNonce(fields.last?.string) == job.nonce
            else {
                statuses.append(nil)
                continue
            }
            statuses.append(try JobStatus(fields: fields, key: keys.job(job.job)))
        }
        return statuses
    }

    /// Whether the records are complete: a Redis that was empty knows nothing before each PM was probed once.
    ///
    /// - Throws: `Failure`.
    package func isReady() async throws(Failure) -> Bool {
        let replies = try await pipeline([
            ["HMGET", keys.counters, "ready_at", "began_at"], ["EXISTS", keys.pms],
        ])
        guard let times = replies[0].array?.map(\.string), times.count == 2 else { return false }
        return times[0] != nil || times[1] != nil && replies[1].int == 0
    }
}

extension JobStatus {
    /// Reads `{state, error_code, error, cause, …}`.
    fileprivate init(fields values: [RESPValue], key: String) throws(Failure) {
        let fields = RecordFields(["state", "error_code", "error", "cause"], values, key: key)
        self.init(
            state: try fields.needed("state") { Job.State(rawValue: $0) },
            failure: Failure(record: fields["error_code"], fields["error"], fields["cause"])
        )
    }
}

extension RESPValue {
    /// The fields that HGETALL answers; nil where there is no such key.
    func record(of key: String) throws(Failure) -> [String: String]? {
        guard let record = map else { throw .malformedRecord("\(key) is no hash") }
        return record.isEmpty ? nil : record
    }

    /// The same of a record that an index names.
    fileprivate func listedRecord(of key: String) throws(Failure) -> [String: String] {
        guard let record = try record(of: key) else { throw .malformedRecord("\(key) is missing") }
        return record
    }
}

extension RecordFields {
    /// Takes what HMGET answers.
    init(_ names: [String], _ values: [RESPValue], key: String) {
        let pairs = zip(names, values).compactMap { name, value in value.string.map { (name, $0) } }
        self.init(Dictionary(pairs) { first, _ in first }, key: key)
    }
}

extension Image {
    init(record: [String: String], key: String) throws(Failure) {
        let fields = RecordFields(record, key: key)
        self.init(
            id: try fields.needed("id") { ImageID($0) },
            name: try fields.text("name"),
            path: try fields.text("path")
        )
    }
}

extension ImageRegistration {
    init(record: [String: String], key: String) throws(Failure) {
        let image = try Image(record: record, key: key)
        let fields = RecordFields(record, key: key)
        guard fields["state"] == "ready" else {
            let reason = fields["reason"] ?? ""
            if fields["state"] == "fetching" {
                self.init(path: image.path, name: image.name, fetching: reason)
            } else {
                self.init(path: image.path, name: image.name, unusable: reason)
            }
            loginUser = fields["login_user"]
            return
        }
        let facts = Facts(
            format: try fields.needed("format") { ImageFormat(rawValue: $0) },
            fileBytes: try fields.needed("file_bytes") { Int64($0) },
            diskBytes: try fields.needed("disk_bytes") { Int64($0) },
            fingerprint: try fields.text("fingerprint")
        )
        self.init(path: image.path, name: image.name, facts: facts)
        loginUser = fields["login_user"]
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
