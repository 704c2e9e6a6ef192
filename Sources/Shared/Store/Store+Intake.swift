package import Model
package import Placement
import RedisClient

/// The oldest entries of the queue, and what changed of the fleet since the last poll.
package struct QueueSnapshot: Sendable {
    /// One entry of the queue.
    package struct Line: Sendable, Hashable {
        /// The entry as it stands in the list; a claim names it by these bytes, which need not be UTF-8.
        package let bytes: [UInt8]
        /// What it says; nil where it is none of ours.
        package let entry: QueueEntry?
        /// The PM on which its VM has a claim already, or the job itself where it is to hold one; nil for none.
        package let placedOn: PMID?
        /// Where the VM of a job that is to hold a claim itself is, and what it needs; nil for any other job.
        package let present: Present?

        /// What a VM has while a job of it claims more.
        package struct Present: Sendable, Hashable {
            /// Its PM.
            package let pm: PMID
            /// What it needs.
            package let needs: Resources

            package init(pm: PMID, needs: Resources) {
                (self.pm, self.needs) = (pm, needs)
            }
        }

        /// Makes a line.
        ///
        /// - Parameters:
        ///   - bytes: the entry as it stands in the list.
        ///   - entry: what it says.
        ///   - placedOn: the PM on which its VM, or the job itself, has a claim.
        ///   - present: where the VM is and what it needs, of a job that is to hold a claim itself.
        package init(bytes: [UInt8], entry: QueueEntry?, placedOn: PMID? = nil, present: Present? = nil) {
            self.bytes = bytes
            self.entry = entry
            self.placedOn = placedOn
            self.present = present
        }
    }

    /// The version that `changed` reaches; with `complete` 0, since a poll does not know what was known before.
    package let position: FleetPosition
    /// Grows when headroom may have been freed; a refusal counts only while it stays.
    package let headroomVersion: String
    /// The oldest entries that are to take capacity, oldest first.
    package let lines: [Line]
    /// How many entries there are that take none.
    package let direct: Int
    /// The PMs that changed since the version that was known.
    package let changed: [PhysicalMachine]
    /// The PMs of which nothing changed since then but what VMs of ours hold.
    package let claims: [PMClaims]
    /// True where what was known before is void.
    package let isReset: Bool
    /// True where more PMs changed than are returned here: poll again.
    package let hasMore: Bool
    /// Now, in ms since 1970 by the clock of Redis.
    package let time: Int
    /// True where room was freed that creates wait for, and that was not offered to all of them.
    package let offersRoom: Bool
}

/// What a worker wants to do with the oldest entry.
package enum ClaimAction: Sendable {
    /// Claim capacity on this PM and run it.
    case place(PMID, PlacementExplanation)
    /// Run it; it claims nothing.
    case run
    /// End it without success.
    case refuse(Failure, PlacementExplanation)
    /// Plan it when this PM was probed, the only one where it may go.
    case deferUntilProbed(PMID, PlacementExplanation, reason: String)
    /// Put it on the dead list.
    case deadLetter(reason: String)
}

/// What became of an entry.
package enum ClaimResult: Hashable, Sendable {
    /// The worker holds it, under this epoch, on this PM (nil where the VM has none); its first step began with that, at
    /// this time by the clock of Redis (nil where it did not).
    case started(epoch: Int, pm: PMID?, firstStepAt: String? = nil)
    /// It waits behind another job of its VM.
    case waiting
    /// It waits for the first probe of its PM.
    case deferred
    /// It has ended.
    case ended
    /// It is on the dead list.
    case deadLettered
}

/// What became of a plan.
package struct ClaimOutcome: Hashable, Sendable {
    /// Why a claim ended.
    package enum Stop: String, Sendable {
        /// Everything was taken.
        case complete = "ok"
        /// The end of the queue is another entry: somebody else took it.
        case moved
        /// The PM lacks headroom by now.
        case full
        /// Headroom was freed since the plan.
        case stale
    }

    /// Why it ended.
    package let stop: Stop
    /// The results of the planned entries that were taken, in order.
    package let results: [ClaimResult]
    /// The entries that were taken of those that need no plan, with their results.
    package let direct: [DirectClaim]

    /// Makes an outcome.
    ///
    /// - Parameters:
    ///   - stop: why it ended.
    ///   - results: the results of the planned entries that were taken.
    ///   - direct: the entries that were taken of those that need no plan.
    package init(stop: Stop, results: [ClaimResult], direct: [DirectClaim] = []) {
        self.stop = stop
        self.results = results
        self.direct = direct
    }
}

/// An entry that was taken without a plan, with what became of it.
package struct DirectClaim: Hashable, Sendable {
    /// The entry.
    package let line: QueueSnapshot.Line
    /// What became of it.
    package let result: ClaimResult
}

extension Store {
    /// Reads the oldest entries and what changed of the fleet; takes nothing.
    ///
    /// - Parameters:
    ///   - position: how far the fleet is known.
    ///   - limit: how many entries at most.
    /// - Returns: the entries, oldest first, and the PMs that changed, 250 at most.
    /// - Throws: `Failure`.
    package func poll(since position: FleetPosition, limit: Int) async throws(Failure) -> QueueSnapshot {
        while true {
            // The first one may be made by this very call.
            let connection = max(1, redis.connectionsMade)
            let known = position.connection == connection ? position : .start
            let snapshot = try await poll(since: known, limit: limit, over: connection, isReset: known != position)
            // Asked of one Redis and answered by another, where the connection was lost in between.
            if max(1, redis.connectionsMade) == connection { return snapshot }
        }
    }

    private func poll(
        since known: FleetPosition,
        limit: Int,
        over connection: Int,
        isReset: Bool
    ) async throws(Failure) -> QueueSnapshot {
        let reply: PollReply = try await run(
            .poll,
            [
                "since": known.version, "limit": limit, "complete": known.complete,
                "known_generation": known.generation,
            ]
        )
        return QueueSnapshot(
            position: FleetPosition(version: reply.version, generation: reply.generation, connection: connection),
            headroomVersion: reply.headroomVersion,
            lines: reply.lines,
            direct: reply.direct,
            changed: reply.changed,
            claims: reply.claims,
            isReset: reply.isReset || isReset,
            hasMore: reply.hasMore,
            time: reply.time,
            offersRoom: reply.offersRoom
        )
    }

    /// Takes the oldest entries as planned, strictly in order, each with its claim, or not at all; and some that need no plan.
    ///
    /// - Parameters:
    ///   - plan: the oldest entries that are to take capacity, oldest first, each with what is to be done with it.
    ///   - direct: how many of the entries that take none are taken at most.
    ///   - headroomVersion: of the snapshot that the plan follows from.
    ///   - worker: who takes them.
    ///   - lease: how long they are the worker's without renewal.
    /// - Returns: why it ended, and what became of each entry taken.
    /// - Throws: `Failure`.
    package func claim(
        _ plan: [(line: QueueSnapshot.Line, action: ClaimAction)],
        direct: Int = 0,
        headroomVersion: String,
        worker: String,
        lease: Duration
    ) async throws(Failure) -> ClaimOutcome {
        var entries: [any RedisArgumentConvertible] = []
        for (line, action) in plan {
            entries += [line.bytes, action.word, line.entry?.job.value ?? 0, line.entry?.vm.value ?? 0]
            entries += action.details
        }
        return try await run(
            .claim,
            [
                "worker": worker, "lease_ms": lease.milliseconds, "headroom_version": headroomVersion,
                "retention": jobRetention.argument, "direct": direct, "unprobed_ms": Self.unprobedMilliseconds,
            ],
            more: entries
        )
    }
}

extension Store {
    /// How long an entry waits at most for the first probe of its PM before it is planned anew.
    private static let unprobedMilliseconds = 5_000
}

extension Duration {
    /// Whole milliseconds.
    package var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
