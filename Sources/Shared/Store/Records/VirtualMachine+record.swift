import Foundation
public import Model

extension VirtualMachine {
    /// Reads the hash `vm:<id>`; nil where it is none that our scripts wrote.
    ///
    /// - Parameter record: its fields.
    public init?(record: [String: String]) {
        guard let id = record["id"].flatMap(VMID.init), let uuid = record["uuid"].flatMap(UUID.init(uuidString:)),
            let name = record["name"], let type = record["type"].flatMap(TypeID.init),
            let image = record["image"].flatMap(ImageID.init), let needs = Resources(record: record, prefix: "")
        else { return nil }
        self.init(
            id: id,
            uuid: uuid,
            name: name,
            type: type,
            image: image,
            needs: needs,
            constraints: PlacementConstraints(json: record["where"] ?? "") ?? .none,
            createdAt: record["created_at"],
            createJob: record["create_job"].flatMap(JobID.init)
        )
    }
}

/// A VM's record with where it stands.
public struct VMStatus: Hashable, Sendable {
    /// The record.
    public let vm: VirtualMachine
    /// Where it is in its life.
    public let state: VMState
    /// The PM that holds it; nil before it is placed.
    public let pm: PMID?
    /// Another PM on which a domain of it was seen; nil for none.
    public let alsoOn: PMID?
    /// True while a job of it is under way.
    public let hasJob: Bool
    /// When it was seen to start last, in ms since 1970 by the clock of Redis.
    public let startedAt: Int?
    /// libvirt's reason for the state; nil where it says none.
    public let stateReason: String?
    /// How its domain differs from what it was made as; nil where it does not.
    public let drift: String?
    /// Why its last job failed, or was given up; nil for none.
    public let error: String?
    /// True once both its PM and `alsoOn` were seen to have a domain of it.
    public let isDuplicate: Bool

    /// Makes a status.
    ///
    /// - Parameters:
    ///   - vm: the record.
    ///   - state: where it is in its life.
    ///   - pm: the PM that holds it.
    ///   - alsoOn: another PM on which a domain of it was seen.
    ///   - hasJob: a job of it is under way.
    ///   - startedAt: when it was seen to start last.
    ///   - stateReason: libvirt's reason for the state.
    ///   - drift: how its domain differs from what it was made as.
    ///   - error: why its last job failed.
    ///   - isDuplicate: two PMs were seen to have a domain of it.
    public init(
        vm: VirtualMachine,
        state: VMState,
        pm: PMID?,
        alsoOn: PMID? = nil,
        hasJob: Bool = false,
        startedAt: Int? = nil,
        stateReason: String? = nil,
        drift: String? = nil,
        error: String? = nil,
        isDuplicate: Bool = false
    ) {
        self.vm = vm
        self.state = state
        self.pm = pm
        self.alsoOn = alsoOn
        self.hasJob = hasJob
        self.startedAt = startedAt
        self.stateReason = stateReason
        self.drift = drift
        self.error = error
        self.isDuplicate = isDuplicate
    }
}

extension VMStatus {
    init?(record: [String: String]) {
        guard let vm = VirtualMachine(record: record), let state = record["state"].flatMap(VMState.init) else {
            return nil
        }
        self.init(
            vm: vm,
            state: state,
            pm: record["pm"].flatMap(PMID.init),
            alsoOn: record["also_on"].flatMap(PMID.init),
            hasJob: record["job"] != nil,
            startedAt: record["running_at"].flatMap(RecordTime.milliseconds),
            stateReason: record["state_reason"],
            drift: record["drift"],
            error: record["error"],
            isDuplicate: record["duplicate"] == "1"
        )
    }
}
