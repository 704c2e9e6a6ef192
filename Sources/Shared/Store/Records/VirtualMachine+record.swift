import Foundation
package import Model

extension VirtualMachine {
    /// Reads the hash `vm:<id>`.
    ///
    /// - Parameters:
    ///   - record: its fields.
    ///   - key: the key, for people.
    /// - Throws: `Failure` with `malformedRecord`.
    package init(record: [String: String], key: String = "a VM's record") throws(Failure) {
        let fields = RecordFields(record, key: key)
        guard let needs = try fields.resources(prefix: "") else { throw fields.fault("cpu", "is missing") }
        self.init(
            id: try fields.needed("id") { VMID($0) },
            uuid: try fields.needed("uuid") { UUID(uuidString: $0) },
            name: try fields.text("name"),
            type: try fields.needed("type") { TypeID($0) },
            image: try fields.needed("image") { ImageID($0) },
            needs: needs,
            constraints: try fields.value("where") { PlacementConstraints(json: $0) } ?? .none,
            macs: try fields.value("macs") { [MACAddress](words: $0) } ?? [],
            project: try fields.value("project") { ProjectName($0) } ?? .default,
            notes: VMNotes(
                labels: try fields.value("labels") { VMNotes.labels(words: $0) } ?? [:],
                description: fields["description"]
            ),
            seed: try fields.value("seed") { SeedSummary(words: $0) },
            createdAt: fields["created_at"],
            createJob: try fields.value("create_job") { JobID($0) }
        )
    }
}

/// A VM's record with where it stands.
package struct VMStatus: Hashable, Sendable {
    /// The record.
    package let vm: VirtualMachine
    /// Where it is in its life.
    package let state: VMState
    /// The PM that holds it; nil before it is placed.
    package let pm: PMID?
    /// Another PM on which a domain of it was seen; nil for none.
    package let observedElsewhere: PMID?
    /// True while a job of it is under way.
    package let hasJob: Bool
    /// When it was seen to start last, in ms since 1970 by the clock of Redis.
    package let startedAt: Int?
    /// libvirt's reason for the state; nil where it says none.
    package let stateReason: String?
    /// How its domain differs from what it was made as; nil where it does not.
    package let drift: String?
    /// Why its last job failed, or was given up; nil for none.
    package let error: String?
    /// True once both its PM and `observedElsewhere` were seen to have a domain of it.
    package let isDuplicate: Bool
    /// The addresses of its guest, as its record has them, whatever has happened since.
    package let addresses: [GuestAddress]
    /// Why there is none; nil where that is not known either.
    package let addressesReason: String?
    /// When those two were written, in ms since 1970 by the clock of Redis.
    package let addressedAt: Int?
    /// How far its guest has come, as its record has it, whatever has happened since.
    package let readiness: GuestReadiness
    /// When that was written, in ms since 1970 by the clock of Redis.
    package let readinessAt: Int?
    /// When the record changed last, in microseconds since 1970; 0 where it does not say.
    package let version: Int

    /// Makes a status.
    ///
    /// - Parameters:
    ///   - vm: the record.
    ///   - state: where it is in its life.
    ///   - pm: the PM that holds it.
    ///   - observedElsewhere: another PM on which a domain of it was seen.
    ///   - hasJob: a job of it is under way.
    ///   - startedAt: when it was seen to start last.
    ///   - stateReason: libvirt's reason for the state.
    ///   - drift: how its domain differs from what it was made as.
    ///   - error: why its last job failed.
    ///   - isDuplicate: two PMs were seen to have a domain of it.
    ///   - addresses: the addresses of its guest.
    ///   - addressesReason: why there is none.
    ///   - addressedAt: when those two were written.
    ///   - readiness: how far its guest has come.
    ///   - readinessAt: when that was written.
    ///   - version: when the record changed last, in microseconds since 1970.
    package init(
        vm: VirtualMachine,
        state: VMState,
        pm: PMID?,
        observedElsewhere: PMID? = nil,
        hasJob: Bool = false,
        startedAt: Int? = nil,
        stateReason: String? = nil,
        drift: String? = nil,
        error: String? = nil,
        isDuplicate: Bool = false,
        addresses: [GuestAddress] = [],
        addressesReason: String? = nil,
        addressedAt: Int? = nil,
        readiness: GuestReadiness = .none,
        readinessAt: Int? = nil,
        version: Int = 0
    ) {
        self.vm = vm
        self.state = state
        self.pm = pm
        self.observedElsewhere = observedElsewhere
        self.hasJob = hasJob
        self.startedAt = startedAt
        self.stateReason = stateReason
        self.drift = drift
        self.error = error
        self.isDuplicate = isDuplicate
        (self.addresses, self.addressesReason, self.addressedAt) = (addresses, addressesReason, addressedAt)
        (self.readiness, self.readinessAt) = (readiness, readinessAt)
        self.version = version
    }
}

extension VMStatus {
    /// Reads the hash `vm:<id>`.
    init(record: [String: String], key: String = "a VM's record") throws(Failure) {
        let fields = RecordFields(record, key: key)
        self.init(
            vm: try VirtualMachine(record: record, key: key),
            state: try fields.needed("state") { VMState(rawValue: $0) },
            pm: try fields.value("pm") { PMID($0) },
            observedElsewhere: try fields.value("also_on") { PMID($0) },
            hasJob: fields["job"] != nil,
            startedAt: try fields.value("running_at") { RecordTime.milliseconds($0) },
            stateReason: fields["state_reason"],
            drift: fields["drift"],
            error: fields["error"],
            isDuplicate: fields["duplicate"] == "1",
            addresses: try fields.value("addresses") { [GuestAddress](words: $0) } ?? [],
            addressesReason: fields["addresses_reason"],
            addressedAt: try fields.value("addressed_at") { RecordTime.milliseconds($0) },
            readiness: try GuestReadiness(fields),
            readinessAt: try fields.value("readiness_at") { RecordTime.milliseconds($0) },
            version: try fields.value("version") { Int($0) } ?? 0
        )
    }
}

extension VMStatus {
    /// Whether its guest may answer, and the addresses are those of its present run.
    package var hasCurrentAddresses: Bool { isOfThisRun(addressedAt) }

    /// How far its guest has come in its present run; nothing where it does not run.
    package var currentReadiness: GuestReadiness { isOfThisRun(readinessAt) ? readiness : .none }

    /// Whether what was written then is of its present run.
    private func isOfThisRun(_ time: Int?) -> Bool {
        guard state == .running || state == .paused, let time else { return false }
        return time >= startedAt ?? 0
    }

    /// The addresses that its guest has by what is known now: of another run, those alone that its network keeps for it.
    package var currentAddresses: [GuestAddress] {
        hasCurrentAddresses ? addresses : addresses.filter { $0.source == .reserved }
    }

    /// The address of its guest to try first; nil where none is known.
    package var primaryIP: IPAddress? { currentAddresses.primary }
}
