import Model
import Placement
import Store

/// Gives the VMs of an atomic batch their places, in one claim, when the batch is next in the queue.
struct BatchPlacer {
    let store: Store
    let policy: PlacementPolicy

    /// What became of a batch.
    enum Outcome {
        /// It was decided on: the queue is to be read again.
        case decided
        /// Something was faster: the queue is to be read again.
        case overtaken
        /// It is to be decided once a PM was probed.
        case undecided
        /// The entry is to be planned by itself: it came back from a PM, or its record is broken.
        case isSingle
    }

    /// Decides on the batch of the oldest entry; nil where it is of none that awaits its places.
    func place(_ snapshot: QueueSnapshot, on fleet: FleetSnapshot) async throws(Failure) -> Outcome? {
        guard let line = snapshot.lines.first, let entry = line.entry, let id = line.batchToPlace else { return nil }
        let members = try await store.batch(id)?.membersToPlace ?? []
        guard members.contains(where: { $0.job == entry.job }) else { return .isSingle }
        let claim: BatchClaim
        switch plan(batches: [members.map(\.request)], on: fleet, by: policy)[0] {
        case .undecided: return .undecided
        case .refuse(let failure, let explanation): claim = .refuse(members.map(\.job), failure, explanation)
        case .place(let decisions):
            claim = .place(
                zip(members, decisions).compactMap { member, decision in
                    decision.machine.map { (job: member.job, pm: $0, explanation: decision.explanation) }
                }
            )
        }
        let stop = try await store.claim(id, claim, headroomVersion: snapshot.headroomVersion)
        return stop == .complete ? .decided : .overtaken
    }
}

extension QueueSnapshot.Line {
    /// The batch with which the entry's VM is to get its place; nil where it has one, or is to get one by itself.
    var batchToPlace: BatchID? {
        guard placedOn == nil, let entry, entry.excludedPMs == nil else { return nil }
        return entry.batch
    }
}

extension [QueueSnapshot.Line] {
    /// Those before the first of an atomic batch without places, which is decided on when it is next; the first entry
    /// may be one that is planned by itself all the same.
    func beforeBatch(takingFirst: Bool) -> Self {
        let first = prefix(takingFirst ? 1 : 0)
        return first + dropFirst(first.count).prefix { $0.batchToPlace == nil }
    }
}

extension BatchDetails {
    /// The VMs that await their places, in their order; none where each gets its place by itself.
    var membersToPlace: [QueueEntry] {
        record.isAtomic ? members.filter(\.awaitsPlace).compactMap(\.entry) : []
    }
}

extension QueueEntry {
    /// What it asks for.
    var request: PlacementRequest { PlacementRequest(self) }
}
