import Model
import RedisClient

/// What an audit reads of a PM in one script.
struct ClaimsPage: Sendable {
    /// The PM with its claims; nil where its record is lost or cannot be read.
    var row: AuditSnapshot.MachineRow?
    /// What cannot be read, each in words that begin with the key.
    var faults: [String] = []
}

extension ClaimsPage: ScriptReply {
    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, !parts.isEmpty else { return nil }
        if parts.count == 1, let problem = parts[0].string {
            faults = [problem]
            return
        }
        guard parts.count >= 3, parts.count.isMultiple(of: 2) == false, let record = parts[0].map,
            let claims = parts[1].map
        else { return nil }
        let key = "\(keys.prefix)pm:\(record["id"] ?? "?")"
        let (amounts, broken) = Self.amounts(claims, key: key)
        faults = broken
        do throws(Failure) {
            row = AuditSnapshot.MachineRow(
                machine: try PhysicalMachine(record: record, key: key),
                claims: amounts,
                groups: parts[2].int == 1 ? Self.counts(parts.dropFirst(3)) : nil,
                hostUUID: record["host_uuid"]
            )
        } catch { faults.append(error.message) }
    }

    private static func amounts(
        _ fields: [String: String],
        key: String
    ) -> (amounts: [Claim.Consumer: Resources], faults: [String]) {
        var (amounts, faults): ([Claim.Consumer: Resources], [String]) = ([:], [])
        for (field, value) in fields.sorted(by: { $0.key < $1.key }) {
            if let claim = Claim(field: field, value: value) {
                amounts[claim.consumer] = claim.amount
            } else {
                faults.append("\(key):claims has a claim of \(field.prefix(80)) that cannot be read")
            }
        }
        return (amounts, faults)
    }

    private static func counts(_ words: ArraySlice<RESPValue>) -> [String: Int] {
        let words = Array(words)
        var counts: [String: Int] = [:]
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            if let name = words[index].string { counts[name] = words[index + 1].int }
        }
        return counts
    }
}
