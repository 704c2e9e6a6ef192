import Model
import Placement
import Store

/// Offers room that was freed to the creates that wait for it, the oldest first.
///
/// Whoever polls and finds that room was freed does this before it plans anything. Of each thing that is asked for the oldest
/// are considered until one has no place, so the cost follows from what fits and from how many different things are asked
/// for, not from how many creates wait.
struct RoomWaker {
    let store: Store
    let policy: PlacementPolicy

    /// How many creates are considered at once.
    private static let most = 16

    /// One create that waits, or a batch whose VMs wait together.
    private struct Unit {
        let entries: [QueueEntry]
        /// Those of the entries that were read: each asks for something that is to be noted where there is no room.
        let asked: [JobID]
    }

    /// Has those come back to the queue that fit, by a plan in which the entries on the queue that came before them have theirs.
    ///
    /// - Returns: true where the queue has others at its end now, so that it is to be read again.
    func offerRoom(_ snapshot: QueueSnapshot, on fleet: FleetSnapshot, free: Int) async throws(Failure) -> Bool {
        let limit = min(free, Self.most)
        while !Task.isCancelled {
            let waiting = try await store.roomWaiters(asOf: snapshot.headroomVersion, limit: limit)
            let offers = try await offers(to: waiting.compactMap(\.entry), snapshot, on: fleet)
            if try await store.offerRoom(offers, asOf: snapshot.headroomVersion) > 0 { return true }
            // There was no room for these; those behind them may ask for less, and come before whoever is on the queue.
            guard waiting.count == limit, !offers.isEmpty else { return false }
        }
        return false
    }

    /// What becomes of entries that wait for room.
    private func offers(
        to waiting: [QueueEntry],
        _ snapshot: QueueSnapshot,
        on fleet: FleetSnapshot
    ) async throws(Failure) -> [(job: JobID, offer: RoomOffer)] {
        let units = try await units(of: waiting)
        let others = snapshot.lines.filter { $0.placedOn == nil }.compactMap(\.entry).filter { $0.kind == .create }
        let all = (units + others.map { Unit(entries: [$0], asked: []) }).sorted { first, second in
            (first.entries.first?.job.value ?? 0) < (second.entries.first?.job.value ?? 0)
        }
        let decisions = plan(batches: all.map { $0.entries.map(\.request) }, on: fleet, by: policy)
        var offers: [(job: JobID, offer: RoomOffer)] = []
        for (unit, decision) in zip(all, decisions) where !unit.asked.isEmpty {
            if case .place = decision {
                offers += unit.entries.map { ($0.job, .wake) }
            } else {
                // A PM that was not probed yet frees room when it is.
                offers += unit.asked.map { ($0, .full) }
            }
        }
        return offers
    }

    private func units(of entries: [QueueEntry]) async throws(Failure) -> [Unit] {
        var units: [Unit] = []
        var batches: Set<BatchID> = []
        for entry in entries {
            guard let id = entry.batch, entry.excludedPMs == nil else {
                units.append(Unit(entries: [entry], asked: [entry.job]))
                continue
            }
            guard batches.insert(id).inserted else { continue }
            let members = try await store.batch(id)?.membersToPlace ?? []
            let asked = entries.filter { $0.batch == id && $0.excludedPMs == nil }.map(\.job)
            units.append(Unit(entries: members.isEmpty ? [entry] : members, asked: asked))
        }
        return units
    }
}
