package import Model
import RedisClient

extension Store {
    /// The schema of the records; nil where none is noted, as in an empty Redis and up to schema 0.
    package func schema() async throws(Failure) -> Int? {
        try await send(["GET", keys.schema]).int
    }

    /// Finds out what a worker is to do about the schema of the records.
    func beginMigration(by worker: String) async throws(Failure) -> MigrationTurn {
        try await run(.beginMigration, ["worker": worker, "known": RecordSchema.current])
    }

    /// Notes that the records are of another schema now; false where another worker has taken over.
    func endMigration(by worker: String, with schema: Int) async throws(Failure) -> Bool {
        try await run(.endMigration, ["worker": worker, "schema": schema])
    }

    /// The last VM of each page, by number (ZRANGEBYSCORE a page).
    func lastVMs(ofPagesOf count: Int) async throws(Failure) -> [Int] {
        var last: [Int] = []
        while true {
            let page: [VMID] = try await send([
                "ZRANGEBYSCORE", keys.vms, "(\(last.last ?? 0)", "+inf", "LIMIT", "0", count,
            ]).identifiers()
            guard let vm = page.last else { return last }
            last.append(vm.value)
        }
    }

    /// The PMs that were ever listed, by number.
    func knownPMs() async throws(Failure) -> [PMID] {
        (try await send(["HVALS", keys.numbers(of: .pm)]).identifiers() as [PMID]).sorted()
    }
}

extension Failure {
    /// The records are of another schema than this process writes.
    package static let otherSchema = Failure(
        .notReady,
        "the records in Redis are of another schema than this release knows (GET hvc:schema): they are being migrated, which "
            + "a worker of this release does at its start, or a newer release has migrated them"
    )
}

extension MigrationTurn: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, let word = parts.first?.string else { return nil }
        switch (word, parts.count) {
        case ("current", 1): self = .current
        case ("newer", 2):
            guard let schema = parts[1].int else { return nil }
            self = .newer(schema)
        case ("busy", 3):
            guard let worker = parts[2].string else { return nil }
            self = .busy(worker)
        case ("migrate", 4):
            guard let schema = parts[1].int, let step = parts[2].string else { return nil }
            self = .migrate(MigrationProgress(schema: schema, step: step, cursor: parts[3].int ?? 0))
        default: return nil
        }
    }
}
