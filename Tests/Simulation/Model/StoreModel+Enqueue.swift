import Model

/// How the gateway's scripts answer.
enum EnqueueAnswer: Hashable, Sendable {
    case accepted(JobID, VMID)
    case unknownType
    case unknownVM
    case alreadyDestroying(JobID)
}

extension StoreModel {
    /// `enqueue-create`.
    mutating func enqueueCreate(type: Int) -> EnqueueAnswer {
        guard (1...types.count).contains(type) else { return .unknownType }
        let vm = VMRecord(id: Identifier(known: vms.count + 1), needs: types[type - 1], state: .queued)
        vms.append(vm)
        let job = newJob(.create, vm.id, needs: vm.needs)
        queue.append(.entry(job.entry))
        notes.append(.accepted(job.id, vm.id))
        return .accepted(job.id, vm.id)
    }

    /// `enqueue-destroy`.
    mutating func enqueueDestroy(_ vm: VMID) -> EnqueueAnswer {
        guard let record = self[vm] else { return .unknownVM }
        if let earlier = record.destroyJob { return .alreadyDestroying(earlier) }
        let job = newJob(.destroy, vm, needs: .zero)
        update(vm) { $0.destroyJob = job.id }
        queue.append(.entry(job.entry))
        notes.append(.accepted(job.id, vm))
        return .accepted(job.id, vm)
    }

    /// Writes the record of a new job.
    mutating func newJob(_ kind: Job.Kind, _ vm: VMID, needs: Resources) -> JobRecord {
        let id = JobID(known: jobs.count + 1)
        let image = kind == .create ? ImageID(known: 100) : nil
        let entry = QueueEntry(job: id, kind: kind, vm: vm, needs: needs, image: image)
        let job = JobRecord(id: id, kind: kind, vm: vm, state: .queued, entry: entry)
        jobs.append(job)
        changes += 1
        return job
    }
}
