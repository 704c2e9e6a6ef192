package import Model

/// The machines as one process knows them at one moment.
///
/// What every decision reads of each machine lies side by side in rows of a cache line each; the rest is beside them.
package struct FleetSnapshot: Sendable {
    /// What decisions read, by number of the machine.
    private(set) var rows: ContiguousArray<PMRow> = []
    /// The images of which each has a copy, at the same indices.
    private(set) var images: ContiguousArray<ImageSet> = []
    /// The rest, at the same indices.
    private(set) var entries: ContiguousArray<Entry> = []
    /// Where each machine is.
    private var indices: [PMID: Int] = [:]
    /// How many VMs of each group are on which machines.
    private(set) var groups: [String: [PMID: Int]] = [:]
    /// How many machines have a copy of which image.
    private(set) var imageHolders: [ImageID: Int] = [:]
    /// On how many machines creates failed lately.
    private(set) var failing = 0
    /// What is left of machines on which a plan has claimed something.
    private var plannedTerms: [Int: HeadroomTerms] = [:]
    /// The placement after the last one known; machines that are used next take numbers from here.
    private(set) var nextUse = 1 { didSet { useShare = 1 / Double(nextUse) } }
    /// What one placement is of all.
    private(set) var useShare = 1.0
    /// As of when this is known, in ms since 1970 by the clock of Redis.
    package var time: Int

    struct Entry: Sendable {
        var machine: PhysicalMachine
        let tags: Set<String>

        init(_ machine: PhysicalMachine) {
            self.machine = machine
            tags = machine.tags
        }
    }

    /// A fleet of these machines.
    ///
    /// - Parameters:
    ///   - machines: the machines, in any order.
    ///   - time: as of when they are known, in ms since 1970; with 0 no measure is too old.
    package init(_ machines: some Sequence<PhysicalMachine> = [], time: Int = 0) {
        self.time = time
        update(machines)
    }

    /// The machines by number.
    package var machines: [PhysicalMachine] { entries.map(\.machine) }

    /// How many machines there are.
    package var count: Int { rows.count }

    /// The machine with this number.
    package subscript(id: PMID) -> PhysicalMachine? { indices[id].map { entries[$0].machine } }

    /// Takes in what is newly known of a machine.
    ///
    /// - Parameter machine: its record.
    package mutating func update(_ machine: PhysicalMachine) { update(CollectionOfOne(machine)) }

    /// Takes in what is newly known of machines.
    ///
    /// - Parameter machines: their records.
    package mutating func update(_ machines: some Sequence<PhysicalMachine>) {
        var isSorted = true
        for machine in machines {
            nextUse = max(nextUse, machine.lastUsed + 1)
            if let index = indices[machine.id] {
                count(entries[index].machine, sign: -1)
                entries[index] = Entry(machine)
                rows[index] = PMRow(machine)
                images[index] = ImageSet(machine.cachedImages)
            } else {
                if let last = entries.last, last.machine.id > machine.id { isSorted = false }
                indices[machine.id] = entries.count
                entries.append(Entry(machine))
                rows.append(PMRow(machine))
                images.append(ImageSet(machine.cachedImages))
            }
            count(machine, sign: 1)
        }
        if !isSorted { sort() }
    }

    private mutating func sort() {
        entries.sort { $0.machine.id < $1.machine.id }
        rows.sort { $0.id < $1.id }
        images = ContiguousArray(entries.map { ImageSet($0.machine.cachedImages) })
        for (index, row) in rows.enumerated() { indices[row.id] = index }
    }

    private mutating func count(_ machine: PhysicalMachine, sign: Int) {
        note(machine.groups, of: machine.id, sign: sign)
        if machine.failures > 0 { failing += sign }
        for image in machine.cachedImages {
            let sum = (imageHolders[image] ?? 0) + sign
            imageHolders[image] = sum == 0 ? nil : sum
        }
    }

    /// Not inlined: the optimizer of Swift 6.3.1 fails where it is.
    @inline(never)
    private mutating func note(_ counts: [String: Int], of machine: PMID, sign: Int) {
        for (group, count) in counts {
            var places = groups[group] ?? [:]
            let sum = (places[machine] ?? 0) + sign * count
            // A VM that is released may be one that the records of its PM do not include yet.
            places[machine] = sum > 0 ? sum : nil
            groups[group] = places.isEmpty ? nil : places
        }
    }

    // MARK: Plans

    /// Where the machine with this number is.
    func index(of id: PMID) -> Int? { indices[id] }

    /// What is left of a machine, by what is known and planned.
    func headroomTerms(at index: Int) -> HeadroomTerms { plannedTerms[index] ?? entries[index].machine.headroomTerms }

    /// Books a VM on a machine as the claim in the store will.
    mutating func claim(_ request: PlacementRequest, at index: Int) {
        set(headroomTerms(at: index).claiming(request.needs), at: index)
        rows[index].lastUsed = nextUse
        nextUse += 1
        note(request.constraints.groups.mapValues { _ in 1 }, of: rows[index].id, sign: 1)
    }

    /// Takes a booked VM off a machine.
    mutating func release(_ request: PlacementRequest, at index: Int) {
        set(headroomTerms(at: index).claiming(.zero - request.needs), at: index)
        note(request.constraints.groups.mapValues { _ in 1 }, of: rows[index].id, sign: -1)
    }

    /// The same fleet, but for the groups of a VM, which do not count it on its machine.
    func withoutGroups(of request: PlacementRequest, on machine: PMID) -> FleetSnapshot {
        var copy = self
        copy.note(request.constraints.groups.mapValues { _ in 1 }, of: machine, sign: -1)
        return copy
    }

    /// Closes a machine to what is planned.
    mutating func close(at index: Int) { rows[index].availability = .leaving }

    @inline(never)
    private mutating func set(_ terms: HeadroomTerms, at index: Int) {
        plannedTerms[index] = terms
        rows[index].set(headroom: terms.headroom)
    }
}
