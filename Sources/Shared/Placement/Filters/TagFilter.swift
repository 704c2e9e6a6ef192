import Model

/// Passes machines with all tags that the request asks for and none of those that it forbids.
package struct TagFilter: PlacementFilter {
    /// Why a machine's tags do not do.
    package enum Objection: Int, PlacementObjection {
        /// It lacks one, or has one.
        case lacks, forbidden

        /// It does not satisfy the constraints of the request.
        package var kind: PlacementObjectionKind { .excluded }

        /// The objection in words.
        package var text: String { self == .lacks ? "lacks a tag that is required" : "has a tag that is forbidden" }
    }

    /// `tags`.
    package let name = "tags"

    package init() {}

    /// Requests that name tags.
    package func concerns(_ request: PlacementRequest) -> Bool {
        !request.constraints.tags.isEmpty || !request.constraints.notTags.isEmpty
    }

    /// Refuses machines by their tags.
    package func objection(
        to row: PMRow,
        at index: Int,
        of fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Objection? {
        let tags = fleet.entries[index].tags
        if !request.constraints.tags.allSatisfy(tags.contains) { return .lacks }
        return request.constraints.notTags.contains(where: tags.contains) ? .forbidden : nil
    }

    /// The machine's tags.
    package func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String {
        let tags = fleet.entries[index].tags
        return tags.isEmpty ? "no tags" : tags.sorted().joined(separator: ",")
    }
}
