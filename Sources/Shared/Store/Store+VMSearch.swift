package import Model
import RedisClient

/// What VMs are searched for by; all of it must be so.
package struct VMFilter: Hashable, Sendable {
    package var name: String?
    package var state: VMState?
    package var pm: PMID?
    package var project: ProjectName?
    package var labels: [String: String]

    package init(
        name: String? = nil,
        state: VMState? = nil,
        pm: PMID? = nil,
        project: ProjectName? = nil,
        labels: [String: String] = [:]
    ) {
        (self.name, self.state, self.pm, self.project, self.labels) = (name, state, pm, project, labels)
    }

    /// The terms of the index that stand for it.
    fileprivate var terms: [String] {
        [name.map { "name=\($0)" }, state.map { "state=\($0.rawValue)" }, project.map { "project=\($0)" }]
            .compactMap(\.self)
            + labels.sorted { $0.key < $1.key }.map { "label:\($0.key)=\($0.value)" }
    }

    /// Whether nothing is searched for.
    fileprivate var isEmpty: Bool { pm == nil && terms.isEmpty }

    /// Whether a VM is one that is searched for: the index may have terms of a record that was changed by hand.
    fileprivate func matches(_ status: VMStatus) -> Bool {
        (name == nil || status.vm.name == name) && (state == nil || status.state == state)
            && (pm == nil || status.pm == pm) && (project == nil || status.vm.project == project)
            && labels.allSatisfy { status.vm.notes.labels[$0.key] == $0.value }
    }
}

/// What the script answers that finds VMs.
private struct FoundVMs: ScriptReply {
    let event: String
    /// The VM behind which to go on; nil where no others follow.
    let next: VMID?
    let vms: [VMID]

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 3, let event = parts[0].string, let next = parts[1].string else {
            return nil
        }
        (self.event, self.next, vms) = (event, VMID(next), parts[2].identifiers())
    }
}

extension Store {
    /// How many VMs are gone over for a page, where more than one thing is searched for: then a page may have fewer VMs
    /// than it could, or none, and others follow.
    static let examinedVMs = 1000

    /// A page of the VMs that a filter lets through, by number.
    package func vms(_ filter: VMFilter, after last: VMID?, limit: Int) async throws(Failure) -> RecordPage<VMStatus> {
        guard !filter.isEmpty else { return try await vms(after: last, limit: limit) }
        let found = try await find(filter, after: last, limit: limit)
        let records = try await records(of: found.vms, vmReading)
        return RecordPage(
            records: records.filter(filter.matches),
            next: found.next?.description,
            events: found.event
        )
    }

    /// A page of the holds, by number.
    package func holds(
        of project: ProjectName? = nil,
        after last: VMID?,
        limit: Int
    ) async throws(Failure) -> RecordPage<Hold> {
        let found = try await find(VMFilter(state: .held, project: project), after: last, limit: limit)
        let names = ["state", "pm", "type", "held_until", "destroy_job", "project"]
        let reading = RecordReading<VirtualMachine, Hold>(
            commands: { [RedisCommand("HMGET", arguments: ([keys.vm($0)] + names).map(\.redisArgument))] },
            record: { (id, replies) throws(Failure) in
                try Hold(id: id, RecordFields(names, replies[0].array ?? [], key: keys.vm(id)))
            }
        )
        let holds = try await records(of: found.vms, reading)
        return RecordPage(records: holds, next: found.next?.description, events: found.event)
    }

    /// The VMs of a name, by number; ten at most.
    package func vms(named name: String, of project: ProjectName? = nil) async throws(Failure) -> [VMID] {
        try await find(VMFilter(name: name, project: project), after: nil, limit: 10).vms
    }

    private func find(_ filter: VMFilter, after last: VMID?, limit: Int) async throws(Failure) -> FoundVMs {
        let arguments: ScriptArguments = [
            "after": last?.value ?? 0, "limit": limit, "examined": Self.examinedVMs, "pm": filter.pm?.description ?? "",
        ]
        return try await run(.findVMs, arguments, more: filter.terms)
    }
}

/// What came of a change of a record.
package enum RecordChange: String, ScriptWord {
    case changed = "ok"
    case unknown
    /// It has another version than the caller knows.
    case outdated = "changed"
}

extension Store {
    /// Changes what a VM's owner says of it.
    ///
    /// - Parameters:
    ///   - vm: the VM.
    ///   - project: the one that it must be of; nil for any.
    ///   - versions: those of which it must have one; nil for any.
    ///   - name: its new name, validated; nil where it stays.
    ///   - labels: its new labels, validated; nil where they stay.
    ///   - description: its new description, validated, empty for none; nil where it stays.
    /// - Returns: what came of it.
    /// - Throws: `Failure`.
    package func update(
        _ vm: VMID,
        of project: ProjectName? = nil,
        ifVersion versions: [String]?,
        name: String?,
        labels: [String: String]?,
        description: String?
    ) async throws(Failure) -> RecordChange {
        var fields: [String] = []
        if let name { fields += ["name", name] }
        if let labels { fields += ["labels", VMNotes(labels: labels).labelWords] }
        if let description { fields += ["description", description] }
        let arguments: ScriptArguments = [
            "vm": vm.value, "if_versions": versions.conditionWords, "project": project?.description ?? "",
        ]
        return try await run(.updateVM, arguments, more: fields)
    }
}

extension [String]? {
    /// The versions as the scripts take them.
    var conditionWords: String { map { "," + $0.joined(separator: ",") + "," } ?? "" }
}

extension Failure {
    /// An object is not as the caller knows it.
    package static func changedSince(_ object: String) -> Failure {
        Failure(.changedSince, "\(object) has changed since it was read: read it again, and decide anew")
    }
}
