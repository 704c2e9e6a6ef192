package import Model
import RedisClient

import struct Foundation.UUID

/// What a probe found of a VM: where, and when.
package struct Observation: Hashable, Sendable {
    /// The PM that was probed.
    package let pm: PMID
    /// A time before the probe, in ms since 1970 by the clock of Redis.
    package let probedAt: Int
    /// The VM's record, as the store or the domain has it.
    package let vm: VirtualMachine

    /// Makes an observation.
    ///
    /// - Parameters:
    ///   - pm: the PM that was probed.
    ///   - probedAt: a time before the probe.
    ///   - vm: the VM's record.
    package init(pm: PMID, probedAt: Int, vm: VirtualMachine) {
        self.pm = pm
        self.probedAt = probedAt
        self.vm = vm
    }

    /// What all scripts about observations begin with.
    fileprivate var arguments: ScriptArguments {
        ["pm": pm.value, "probed_ms": probedAt, "vm": vm.id.value, "uuid": vm.uuid.uuidString.lowercased()]
    }
}

/// What became of a note that two PMs have a domain of a VM.
package enum DuplicateOutcome: String, Hashable, Sendable, ScriptWord {
    /// Nothing new.
    case nothing = ""
    /// The VM is the other PM's from now on.
    case moved
    /// It was noted for the first time; the VM's own PM is probed next.
    case noted
    /// Both PMs have one.
    case duplicate
    /// The other PM has none any more.
    case single
}

/// What became of a domain that has no record.
package enum Adoption: String, Hashable, Sendable, ScriptWord {
    /// It is known already, or its PM is not.
    case nothing = ""
    /// It has a record again.
    case adopted
    /// Its VM was destroyed since the probe began.
    case gone
    /// Another VM has its number.
    case taken
    /// A number in it is larger than any that is given.
    case outOfRange = "out_of_range"
}

extension Store {
    /// The records of the VMs that have a claim on a PM, and of others.
    ///
    /// - Parameters:
    ///   - pm: the PM.
    ///   - others: the numbers of the others.
    /// - Returns: the records; those that do not exist are left out.
    /// - Throws: `Failure`.
    package func statuses(on pm: PMID, and others: Set<VMID> = []) async throws(Failure) -> [VMStatus] {
        let here = try await send(["HKEYS", keys.claims(on: pm)]).claimants
        let wanted = others.union(here).sorted()
        let replies = try await pipeline(wanted.map { ["HGETALL", keys.vm($0)] })
        var found: [VMStatus] = []
        for (vm, reply) in zip(wanted, replies) {
            guard let record = try reply.record(of: keys.vm(vm)) else { continue }
            found.append(try VMStatus(record: record, key: keys.vm(vm)))
        }
        return found
    }

    /// Writes that a VM's domain is in another state than its record says.
    ///
    /// - Parameters:
    ///   - state: the state that was found.
    ///   - observation: where and when.
    ///   - earlier: the state of the record.
    ///   - reason: libvirt's reason for the state; nil where it says none.
    ///   - delay: until the VM is to be started again; nil for never.
    /// - Returns: false where something has happened to the VM since.
    /// - Throws: `Failure`.
    package func recordState(
        _ state: VMState,
        at observation: Observation,
        insteadOf earlier: VMState,
        because reason: String? = nil,
        startingAgainIn delay: Duration? = nil
    ) async throws(Failure) -> Bool {
        try await run(
            .observe,
            observation.arguments + [
                "before": earlier.rawValue,
                "after": state.rawValue,
                "start_ms": delay.map { String($0.milliseconds) } ?? "",
                "job_floor": numbersSeen.job,
                "reason": reason ?? "",
            ]
        )
    }

    /// Writes that a VM is on another PM than its record says, or on one though it was not placed yet.
    ///
    /// - Parameters:
    ///   - observation: where it is, and since when that is known.
    ///   - pm: the PM of the record; nil for none.
    ///   - state: the state that was found.
    /// - Returns: false where something has happened to the VM since.
    /// - Throws: `Failure`.
    package func move(to observation: Observation, from pm: PMID?, state: VMState) async throws(Failure) -> Bool {
        try await run(.move, observation.arguments + ["from": pm?.description ?? "", "state": state.rawValue])
    }

    /// Notes that a PM has a domain of a VM that another PM holds by the record.
    ///
    /// - Parameters:
    ///   - observation: where and when.
    ///   - pm: the PM of the record.
    ///   - state: the state that was found.
    ///   - host: the UUID of the machine on which it was found.
    /// - Returns: what came of it.
    /// - Throws: `Failure`.
    package func noteElsewhere(
        _ observation: Observation,
        recordedOn pm: PMID,
        state: VMState,
        host: String
    ) async throws(Failure) -> DuplicateOutcome {
        try await run(
            .noteElsewhere,
            observation.arguments + ["from": pm.value, "state": state.rawValue, "host_uuid": host]
        )
    }

    /// Settles an earlier note, now that the VM's own PM was seen to have a domain of it.
    ///
    /// - Parameter observation: where and when.
    /// - Returns: what came of it.
    /// - Throws: `Failure`.
    package func settleDuplicate(_ observation: Observation) async throws(Failure) -> DuplicateOutcome {
        try await run(.settleElsewhere, observation.arguments)
    }

    /// Notes how a VM's domain differs from what the VM was made as.
    ///
    /// - Parameters:
    ///   - drift: how, for people; nil where it no longer does.
    ///   - observation: where and when.
    ///   - state: the state of the record.
    /// - Returns: false where something has happened to the VM since.
    /// - Throws: `Failure`.
    package func note(drift: String?, at observation: Observation, in state: VMState) async throws(Failure) -> Bool {
        try await run(.noteDrift, observation.arguments + ["state": state.rawValue, "drift": drift ?? ""])
    }

    /// Makes a VM known again from what its domain says of it.
    ///
    /// - Parameters:
    ///   - observation: where and when, with the record from the domain.
    ///   - state: the state that was found.
    /// - Returns: what came of it.
    /// - Throws: `Failure`.
    package func adopt(_ observation: Observation, state: VMState) async throws(Failure) -> Adoption {
        let vm = observation.vm
        var fields: [any RedisArgumentConvertible] = [
            "name", vm.name, "domain", vm.domainName, "cpu", vm.needs.cpu, "ram", vm.needs.ram, "disk", vm.needs.disk,
        ]
        fields += ["project", vm.project.description]
        if let time = vm.createdAt { fields += ["created_at", time] }
        if let job = vm.createJob { fields += ["create_job", job.value] }
        if vm.constraints != .none { fields += ["where", vm.constraints.json] }
        if !vm.constraints.groups.isEmpty { fields += ["groups", vm.constraints.groupWords] }
        if !vm.macs.isEmpty { fields += ["macs", vm.macs.words] }
        if !vm.notes.labels.isEmpty { fields += ["labels", vm.notes.labelWords] }
        if let description = vm.notes.description { fields += ["description", description] }
        if let seed = vm.seed { fields += ["seed", seed.words] }
        let found: ScriptArguments = [
            "state": state.rawValue, "type_id": vm.type.value, "image_id": vm.image.value,
            "create_job": vm.createJob?.description ?? "",
        ]
        return try await run(.adopt, observation.arguments + found, more: fields)
    }

    /// Has a PM probed soon since something happened to a domain there, unless the records know of it.
    ///
    /// - Parameters:
    ///   - what: what happened: `defined`, `undefined`, `started`, `stopped`, `paused`, `resumed`, `crashed`, or `lost` where
    ///     events may have been missed.
    ///   - domain: the domain's name.
    ///   - uuid: the domain's UUID, lower-case.
    ///   - pm: the PM.
    /// - Returns: whether it is probed.
    /// - Throws: `Failure`.
    package func noteDomainEvent(_ what: String, of domain: String, uuid: String, on pm: PMID) async throws(Failure)
        -> Bool
    {
        try await run(.noteDomainEvent, ["pm": pm.value, "uuid": uuid, "domain": domain, "what": what])
    }
}
