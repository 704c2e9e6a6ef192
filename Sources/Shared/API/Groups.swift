package import Model

extension Endpoints {
    package static let listGroups = Endpoint<NoBody, Page<GroupResponse>>(
        list: "listGroups",
        "/v1/groups",
        "Lists the groups of VMs, by name."
    )

    static let groups = [listGroups.description]
}

/// A group of VMs.
package struct GroupResponse: Codable, Hashable, Sendable {
    package let name: String
    package let rule: GroupRule
    /// How many VMs it has.
    package let members: Int
    /// How many of them are on a PM.
    package let placed: Int

    package init(name: String, rule: GroupRule, members: Int, placed: Int) {
        (self.name, self.rule, self.members, self.placed) = (name, rule, members, placed)
    }
}
