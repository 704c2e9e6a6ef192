package import Model

/// One VM that wants a place.
package struct PlacementRequest: Hashable, Sendable {
    /// The VM; nil where none is meant.
    package let vm: VMID?
    /// What it needs.
    package let needs: Resources
    /// The same, as machines' rows have it.
    let amounts: SIMD4<Int32>
    /// The image it starts from; nil where that is not known yet.
    package let image: ImageID?
    /// Where it may go.
    package let constraints: PlacementConstraints
    /// The machines that failed it.
    package let excludedPMs: Set<PMID>
    /// The machine on which the VM is now, where it is to go to another one: its groups do not count it there.
    package let movesFrom: PMID?

    /// Makes a request.
    ///
    /// - Parameters:
    ///   - vm: the VM.
    ///   - needs: what it needs.
    ///   - image: the image it starts from.
    ///   - constraints: where it may go.
    ///   - excludedPMs: the machines that failed it.
    ///   - movesFrom: the machine on which the VM is now.
    package init(
        vm: VMID?,
        needs: Resources,
        image: ImageID? = nil,
        constraints: PlacementConstraints = .none,
        excludedPMs: Set<PMID> = [],
        movesFrom: PMID? = nil
    ) {
        self.vm = vm
        self.needs = needs
        amounts = SIMD4(needs)
        self.image = image
        self.constraints = constraints
        self.excludedPMs = excludedPMs
        self.movesFrom = movesFrom
    }
}
