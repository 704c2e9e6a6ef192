package import Model
import RedisClient

/// A group of VMs.
package struct GroupStatus: Hashable, Sendable {
    package let name: String
    package let rule: GroupRule
    /// How many VMs it has.
    package let members: Int
    /// How many of them are on a PM.
    package let placed: Int
}

extension Store {
    /// A page of the groups, by name.
    package func groups(after last: String?, limit: Int) async throws(Failure) -> RecordPage<GroupStatus> {
        let replies = try await pipeline([
            ["XREVRANGE", keys.events, "+", "-", "COUNT", "1"],
            ["ZRANGEBYLEX", keys.groups, last.map { "(\($0)" } ?? "-", "+", "LIMIT", "0", limit + 1],
        ])
        let found = replies[1].strings ?? []
        let page = Array(found.prefix(limit))
        let names = ["rule", "members", "placed"]
        let records = try await pipeline(
            page.map { RedisCommand("HMGET", arguments: ([keys.group($0)] + names).map(\.redisArgument)) }
        )
        var groups: [GroupStatus] = []
        for (name, reply) in zip(page, records) {
            guard let values = reply.array, !values.allSatisfy(\.isNull) else { continue }
            let fields = RecordFields(names, values, key: keys.group(name))
            groups.append(
                GroupStatus(
                    name: name,
                    rule: try fields.needed("rule") { GroupRule(rawValue: $0) },
                    members: try fields.value("members") { Int($0) } ?? 0,
                    placed: try fields.value("placed") { Int($0) } ?? 0
                )
            )
        }
        return RecordPage(
            records: groups,
            next: found.count > limit ? page.last : nil,
            events: replies[0].lastEvent
        )
    }
}
