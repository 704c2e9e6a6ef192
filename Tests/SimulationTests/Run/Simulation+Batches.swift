import Model
import Store
import TestKit

extension Simulation {
    // MARK: - Clients

    /// How long a create waits for room; most do not wait.
    func roomWait() -> Duration? { random.chance(30) ? .milliseconds(random.number(500...60_000)) : nil }

    /// A client asks for several VMs.
    func createBatch(_ type: TypeID) {
        let (isAtomic, roomWait) = (random.chance(75), roomWait())
        // Some differ in size.
        let other = TypeID(known: random.number(1...Scenario.types.count))
        let creates = (0..<random.number(2...4)).map { index in
            BatchCreate(name: "b", type: index == 0 ? other : type, image: ImageID(known: 100), uuid: uuid())
        }
        asClient { [self] store in
            let first = try await store.enqueueBatch(creates, isAtomic: isAtomic, roomWait: roomWait, request: "")
            note("client: batch \(first.job) of \(creates.count)\(isAtomic ? ", atomic" : "")")
            let jobs = snapshot.batches[BatchID(ofFirst: first.job)]?.jobs ?? []
            guard jobs.count == creates.count, jobs.allSatisfy({ snapshot.jobs[$0] != nil }) else {
                return ledger.violate(.i7, "batch \(first.job) was accepted, and has jobs \(jobs)")
            }
        }
    }

    // MARK: - Invariants

    func isOfAtomicBatch(_ job: Snapshot.JobView) -> Bool {
        job.batch.flatMap { snapshot.batches[$0]?.isAtomic } ?? false
    }

    /// The VMs that got their places before their jobs begin.
    func takeInPlaces(since before: [VMID: Snapshot.VMView]) {
        for (vm, view) in snapshot.vms.sorted(by: { $0.key < $1.key }) where view.state == .queued {
            guard let pm = view.pm, before[vm] != nil, before[vm]?.pm == nil,
                let job = snapshot.jobs.first(where: { $0.value.vm == vm && $0.value.kind == .create })
            else { continue }
            ledger.decided(job.key)
            placed[pm, default: .zero] += view.needs
            checkPlace(job.key, pm)
        }
    }

    /// I8: an atomic batch is decided on as a whole.
    func checkBatches() {
        for (id, batch) in snapshot.batches where batch.isAtomic {
            let open = batch.jobs.filter { job in
                guard let view = snapshot.jobs[job], !ledger.decided.contains(job) else { return false }
                return !view.state.isFinal && view.epoch == 0 && snapshot.vms[view.vm]?.pm == nil
            }
            let vms = snapshot.jobs.values.filter { $0.kind == .destroy }.map(\.vm)
            let leaving = batch.jobs.filter { vms.contains(snapshot.jobs[$0]?.vm ?? VMID(known: 1)) }
            if let change = ledger.undecided(Set(open), of: id, but: Set(leaving)) {
                let isPlaced = snapshot.vms[snapshot.jobs[change]?.vm ?? VMID(known: 1)]?.pm != nil
                ledger.count(isPlaced ? .batchPlaced : .batchRefused)
            }
        }
        if snapshot.waitingForRoom.count > waitedForRoom.count {
            ledger.count(.waitedForRoom, snapshot.waitingForRoom.subtracting(waitedForRoom).count)
        }
        waitedForRoom = snapshot.waitingForRoom
    }

    /// I5: a create that got a place has no older one waiting for room that asks for no more than it did.
    func checkWaitsLess(_ job: JobID, _ record: Snapshot.JobView) {
        guard record.triedPMs.isEmpty else { return }
        for other in snapshot.waitingForRoom where other < job {
            guard let waiting = snapshot.jobs[other], !isOfAtomicBatch(waiting), waiting.triedPMs.isEmpty,
                waiting.pinnedTo == record.pinnedTo, waiting.needs.fits(in: record.needs)
            else { continue }
            ledger.violate(
                .i5,
                "create \(job) got a place while create \(other), which asks for no more, waits for room"
            )
        }
    }
}
