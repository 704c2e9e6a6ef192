import Foundation
package import Model
package import Placement
import RedisClient

/// What a worker sees when it looks at the queue.
package struct Peek: Sendable {
    /// One entry of the queue.
    package struct Line: Sendable, Hashable {
        /// The entry as it stands in the list; a claim names it by these bytes, which need not be UTF-8.
        package let bytes: [UInt8]
        /// What it says; nil where it is none of ours.
        package let entry: QueueEntry?
        /// The PM that holds room for its VM already; nil for none.
        package let placedOn: PMID?

        /// Makes a line.
        ///
        /// - Parameters:
        ///   - bytes: the entry as it stands in the list.
        ///   - entry: what it says.
        ///   - placedOn: the PM that holds room for its VM.
        package init(bytes: [UInt8], entry: QueueEntry?, placedOn: PMID? = nil) {
            self.bytes = bytes
            self.entry = entry
            self.placedOn = placedOn
        }
    }

    /// Up to where `changed` tells; with `complete` 0, since it does not say what was known before.
    package let position: FleetPosition
    /// Grows when room may have been freed; a refusal counts only while it stays.
    package let roomVersion: String
    /// The oldest entries, oldest first.
    package let lines: [Line]
    /// The PMs that changed since the version that was known.
    package let changed: [PhysicalMachine]
    /// The PMs of which nothing changed since then but what VMs of ours hold.
    package let claims: [PMClaims]
    /// True where what was known before is void.
    package let isReset: Bool
    /// True where more PMs changed than are told here: look again.
    package let hasMore: Bool
    /// Now, in ms since 1970 by the clock of Redis.
    package let time: Int
}

/// What a worker wants to do with the oldest entry.
package enum ClaimAction: Sendable {
    /// Take room on this PM and run it.
    case place(PMID, PlacementExplanation)
    /// Run it; it needs no room.
    case run
    /// End it without success.
    case refuse(Failure, PlacementExplanation)
    /// Put it on the dead list.
    case deadLetter(reason: String)
}

/// What became of an entry.
package enum ClaimResult: Hashable, Sendable {
    /// The worker holds it, under this epoch, on this PM (nil where the VM has none).
    case started(epoch: Int, pm: PMID?)
    /// It waits behind another job of its VM.
    case waiting
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
        /// The PM has no room any more.
        case full
        /// Room was freed since the plan.
        case stale
    }

    /// Why it ended.
    package let stop: Stop
    /// The results of the entries that were taken, in order.
    package let results: [ClaimResult]

    /// Makes an outcome.
    ///
    /// - Parameters:
    ///   - stop: why it ended.
    ///   - results: the results of the entries that were taken.
    package init(stop: Stop, results: [ClaimResult]) {
        self.stop = stop
        self.results = results
    }
}

extension Store {
    /// Looks at the oldest entries and at what changed of the fleet; takes nothing.
    ///
    /// - Parameters:
    ///   - position: how far the fleet is known.
    ///   - limit: how many entries at most.
    /// - Returns: the entries, oldest first, and the PMs that changed, 250 at most.
    /// - Throws: `Failure`.
    package func peek(since position: FleetPosition, limit: Int) async throws(Failure) -> Peek {
        while true {
            // The first one may be made by this very call.
            let connection = max(1, redis.connectionsMade)
            let known = position.connection == connection ? position : .start
            let peek = try await peek(since: known, limit: limit, over: connection, isReset: known != position)
            // Asked of one Redis and answered by another, where the connection was lost in between.
            if max(1, redis.connectionsMade) == connection { return peek }
        }
    }

    private func peek(
        since known: FleetPosition,
        limit: Int,
        over connection: Int,
        isReset: Bool
    ) async throws(Failure) -> Peek {
        let reply: PollReply = try await run(
            .poll,
            [
                "since": known.version, "limit": limit, "complete": known.complete,
                "known_generation": known.generation,
            ]
        )
        return Peek(
            position: FleetPosition(version: reply.version, generation: reply.generation, connection: connection),
            roomVersion: reply.roomVersion,
            lines: reply.lines,
            changed: reply.changed,
            claims: reply.claims,
            isReset: reply.isReset || isReset,
            hasMore: reply.hasMore,
            time: reply.time
        )
    }

    /// Takes the oldest entries as planned: strictly in order, each with its room, or not at all.
    ///
    /// - Parameters:
    ///   - plan: the oldest entries, oldest first, each with what is to be done with it.
    ///   - roomVersion: of the peek that the plan follows from.
    ///   - worker: who takes them.
    ///   - lease: how long they are the worker's without renewal.
    /// - Returns: why it ended, and what became of each entry taken.
    /// - Throws: `Failure`.
    package func claim(
        _ plan: [(line: Peek.Line, action: ClaimAction)],
        roomVersion: String,
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
                "worker": worker, "lease_ms": lease.milliseconds, "room_version": roomVersion,
                "retention": jobRetention.argument,
            ],
            more: entries
        )
    }
}

/// What the script `poll` answers.
private struct PollReply: ScriptReply {
    let version: Int
    let roomVersion: String
    let generation: String
    let lines: [Peek.Line]
    let changed: [PhysicalMachine]
    let claims: [PMClaims]
    let isReset: Bool
    let hasMore: Bool
    let time: Int

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 10, let version = parts[0].int,
            let roomVersion = parts[1].string, let lines = parts[2].array, let machines = parts[3].array,
            let placed = parts[5].array, let time = parts[7].int, let generation = parts[8].string,
            let claims = parts[9].array
        else { return nil }
        let decoder = JSONDecoder()
        self.version = version
        self.roomVersion = roomVersion
        self.generation = generation
        self.lines = zip(lines, placed).reversed().map { line, pm in
            let bytes = line.bytes ?? []
            let entry = try? decoder.decode(QueueEntry.self, from: Data(bytes))
            return Peek.Line(bytes: bytes, entry: entry, placedOn: pm.int.flatMap(PMID.init))
        }
        changed = machines.compactMap { Self.machine($0, keys) }
        self.claims = claims.compactMap { $0.array.flatMap(PMClaims.init(values:)) }
        isReset = parts[4].int == 1
        hasMore = parts[6].int == 1
        self.time = time
    }

    /// A PM as `{pm, {field, value, …}}` tells it; one whose record cannot be read is known, and takes no VMs.
    private static func machine(_ row: RESPValue, _ keys: Keys) -> PhysicalMachine? {
        guard let row = row.array, row.count == 2, let pm = row[0].int.flatMap(PMID.init) else { return nil }
        do throws(Failure) { return try PhysicalMachine(record: row[1].map ?? [:], key: keys.pm(pm)) } catch {
            // Discovery, for which each PM is due in turn, tells what is wrong with it.
            return .unreadable(pm)
        }
    }
}

extension ClaimAction {
    fileprivate var word: String {
        switch self {
        case .place: "place"
        case .run: "run"
        case .refuse: "refuse"
        case .deadLetter: "dead"
        }
    }

    /// pm, decision, code, message, cause.
    fileprivate var details: [any RedisArgumentConvertible] {
        switch self {
        case .place(let pm, let explanation): [pm.value, explanation.json, "", "", ""]
        case .run: ["", "", "", "", ""]
        case .refuse(let failure, let explanation):
            ["", explanation.json, failure.code.rawValue, failure.message, failure.cause ?? ""]
        case .deadLetter(let reason): ["", "", "", reason, ""]
        }
    }
}

extension ClaimOutcome: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 2, let stop = parts[0].string.flatMap(Stop.init),
            let results = [ClaimResult](parts[1], keys: keys)
        else { return nil }
        self.init(stop: stop, results: results)
    }
}

extension ClaimResult: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array else { return nil }
        switch parts.first?.string {
        case "started":
            guard parts.count == 3, let epoch = parts[1].int else { return nil }
            self = .started(epoch: epoch, pm: parts[2].int.flatMap(PMID.init))
        case "waiting": self = .waiting
        case "ended": self = .ended
        case "dead": self = .deadLettered
        default: return nil
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    package var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
