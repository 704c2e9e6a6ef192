import Digest
import Model
import Store

/// The chain of seals over the audit log: each seal is the SHA-256 of the one before and of its entry, so that none can be
/// changed or taken out without all that follow being made anew.
enum AuditChain {
    /// The seal of an entry.
    static func digest(of entry: AuditEntry, after before: String) throws(Failure) -> String {
        // Lengths keep what stands in one field from looking like two.
        let fields = entry.fields.map { "\($0.name.utf8.count):\($0.name)\($0.value.utf8.count):\($0.value)" }
        guard let digest = SHA256Digest(of: "\(before)\n\(entry.id)\n\(fields.joined())") else {
            throw Failure(.internalFault, "libcrypto makes no SHA-256 digests: check the machine's OpenSSL")
        }
        return digest.hex
    }

    /// The seals of entries that follow one that is sealed.
    static func seals(of entries: [AuditEntry], after last: AuditSeal?) throws(Failure) -> [AuditSeal] {
        var before = last?.digest ?? ""
        var seals: [AuditSeal] = []
        for entry in entries {
            before = try digest(of: entry, after: before)
            seals.append(AuditSeal(entry: entry.id, digest: before))
        }
        return seals
    }

    /// What a comparison of the entries with their seals found.
    struct Verdict: Hashable {
        /// Entries that are not as they were sealed.
        var altered: [EventID] = []
        /// Entries that were sealed and are not there.
        var removed: [EventID] = []
        /// Entries among those that are sealed, and that are not.
        var added: [EventID] = []
        /// How many seals are missing.
        var missingSeals = 0
        /// Whether the last seal is another one than the chain ends with.
        var isCut = false
        /// The seal that was to be in the chain, and is not.
        var unknownHead: String?
        /// The entries that are not sealed yet.
        var unsealed: [EventID] = []

        var isWhole: Bool {
            altered.isEmpty && removed.isEmpty && added.isEmpty && missingSeals == 0 && !isCut && unknownHead == nil
        }
    }

    /// Compares entries with their seals.
    ///
    /// - Parameters:
    ///   - entries: all entries, the oldest first.
    ///   - seals: all seals, the oldest first.
    ///   - ends: where the chain begins and ends.
    ///   - head: a seal that was noted elsewhere, and must be in the chain still; nil for none.
    /// - Returns: what was found.
    /// - Throws: `Failure` where no digests can be made.
    static func verify(
        _ entries: [AuditEntry],
        _ seals: [AuditSeal],
        _ ends: AuditChainEnds,
        head: String? = nil
    ) throws(Failure) -> Verdict {
        var verdict = Verdict()
        let known = Dictionary(entries.map { ($0.id, $0) }) { first, _ in first }
        var before = ends.base
        for seal in seals {
            if let entry = known[seal.entry] {
                if try digest(of: entry, after: before) != seal.digest { verdict.altered.append(seal.entry) }
            } else {
                verdict.removed.append(seal.entry)
            }
            before = seal.digest
        }
        let sealed = Set(seals.map(\.entry))
        for entry in entries where !sealed.contains(entry.id) {
            if let last = ends.last?.entry, entry.id <= last {
                verdict.added.append(entry.id)
            } else {
                verdict.unsealed.append(entry.id)
            }
        }
        verdict.missingSeals = max(0, ends.count - ends.trimmed - seals.count)
        verdict.isCut = seals.last != ends.last && !(seals.isEmpty && ends.base == ends.last?.digest)
        if let head, head != ends.base, !seals.contains(where: { $0.digest == head }) { verdict.unknownHead = head }
        return verdict
    }
}
