package import Model
import RedisClient

/// An entry of the audit log: who changed what by the API.
package struct AuditEntry: Hashable, Sendable {
    package let id: EventID
    /// Its fields, in the order in which they stand.
    package let fields: [(name: String, value: String)]

    package init(id: EventID, fields: [(name: String, value: String)]) { (self.id, self.fields) = (id, fields) }

    package subscript(name: String) -> String? {
        fields.first { $0.name == name }.flatMap { $0.value.isEmpty ? nil : $0.value }
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.id == right.id && left.fields.elementsEqual(right.fields) { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// An entry that is sealed, with its seal in hexadecimal digits.
package struct AuditSeal: Hashable, Sendable {
    package let entry: EventID
    package let digest: String

    package init(entry: EventID, digest: String) { (self.entry, self.digest) = (entry, digest) }
}

/// Where the chain of seals begins and ends.
package struct AuditChainEnds: Hashable, Sendable {
    /// The seal before the oldest that is kept; empty for none.
    package let base: String
    /// The entry that was sealed last; nil where none was.
    package let last: AuditSeal?
    /// How many entries were sealed.
    package let count: Int
    /// How many of those the limit has removed since.
    package let trimmed: Int

    package init(base: String, last: AuditSeal?, count: Int, trimmed: Int) {
        (self.base, self.last, self.count, self.trimmed) = (base, last, count, trimmed)
    }
}

/// The entries that are to be sealed.
package enum UnsealedAudit: Sendable {
    /// Those behind the last one that is.
    case entries([AuditEntry], after: AuditSeal?)
    /// Another worker seals.
    case busy
}

extension Store {
    /// The entries that are not sealed yet (script `read_unsealed`).
    ///
    /// - Parameters:
    ///   - holder: the worker that holds `SoleTask.audit`.
    ///   - limit: how many at most.
    /// - Returns: them; or that another worker seals.
    /// - Throws: `Failure`.
    package func unsealedAudit(by holder: String, limit: Int) async throws(Failure) -> UnsealedAudit {
        try await run(.readUnsealed, ["holder": holder, "limit": limit])
    }

    /// Seals entries, and removes the oldest beyond so many (script `seal_audit`).
    ///
    /// - Returns: false where another worker seals, or has.
    package func sealAudit(
        _ seals: [AuditSeal],
        after last: AuditSeal?,
        keeping kept: Int,
        by holder: String
    ) async throws(Failure) -> Bool {
        try await run(
            .sealAudit,
            ["holder": holder, "after": last?.entry.description ?? "", "kept": kept],
            more: seals.flatMap { [$0.entry.description, $0.digest] }
        )
    }

    /// Where the chain of seals begins and ends (HMGET).
    package func auditChain() async throws(Failure) -> AuditChainEnds {
        let names = ["base", "last", "digest", "count", "trimmed"]
        let command = RedisCommand("HMGET", arguments: ([keys.auditChain] + names).map(\.redisArgument))
        let fields = RecordFields(names, try await send(command).array ?? [], key: keys.auditChain)
        let last = try fields.value("last") { EventID($0) }
        return AuditChainEnds(
            base: fields["base"] ?? "",
            last: last.map { AuditSeal(entry: $0, digest: fields["digest"] ?? "") },
            count: try fields.value("count") { Int($0) } ?? 0,
            trimmed: try fields.value("trimmed") { Int($0) } ?? 0
        )
    }

    /// All seals, the oldest first, in pages.
    package func auditSeals() async throws(Failure) -> [AuditSeal] {
        var seals: [AuditSeal] = []
        while true {
            let range = [seals.count, seals.count + 999].map(String.init)
            let page = try await send(["LRANGE", keys.auditSeals, range[0], range[1]]).strings ?? []
            for line in page {
                let words = line.split(separator: " ")
                guard words.count == 2, let entry = EventID(String(words[0])) else {
                    throw .malformedRecord("\(keys.auditSeals) has '\(line.prefix(80))', which is no seal")
                }
                seals.append(AuditSeal(entry: entry, digest: String(words[1])))
            }
            if page.count < 1000 { return seals }
        }
    }

    /// All entries, the oldest first, in pages.
    package func auditEntries() async throws(Failure) -> [AuditEntry] {
        var entries: [AuditEntry] = []
        while true {
            let start = entries.last.map { "(\($0.id)" } ?? "-"
            let page = try await send(["XRANGE", keys.audit, start, "+", "COUNT", "1000"]).auditEntries
            entries += page
            if page.count < 1000 { return entries }
        }
    }

    /// A page of the entries, the newest first (two commands, one round trip).
    package func auditEntries(before last: EventID?, limit: Int) async throws(Failure) -> RecordPage<AuditEntry> {
        let replies = try await pipeline([
            ["XREVRANGE", keys.events, "+", "-", "COUNT", "1"],
            ["XREVRANGE", keys.audit, last.map { "(\($0)" } ?? "+", "-", "COUNT", limit + 1],
        ])
        let entries = replies[1].auditEntries
        let page = Array(entries.prefix(limit))
        return RecordPage(
            records: page,
            next: entries.count > limit ? page.last?.id.description : nil,
            events: replies[0].lastEvent
        )
    }
}

extension RESPValue {
    /// The entries that XRANGE answers.
    fileprivate var auditEntries: [AuditEntry] {
        (array ?? []).compactMap { entry in
            guard let parts = entry.array, parts.count == 2, let id = parts[0].string.flatMap({ EventID($0) }),
                let words = parts[1].strings
            else { return nil }
            let fields = stride(from: 0, to: words.count - 1, by: 2).map { (name: words[$0], value: words[$0 + 1]) }
            return AuditEntry(id: id, fields: fields)
        }
    }
}

extension UnsealedAudit: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array else { return nil }
        switch (parts.first?.string, parts.count) {
        case ("busy", 1): self = .busy
        case ("ok", 4):
            guard let last = parts[1].string, let digest = parts[2].string else { return nil }
            self = .entries(parts[3].auditEntries, after: EventID(last).map { AuditSeal(entry: $0, digest: digest) })
        default: return nil
        }
    }
}
