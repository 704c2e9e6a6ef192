public import Model

/// The machines as one worker knows them at one moment.
public struct FleetSnapshot: Hashable, Sendable {
    private var byID: [PMID: PhysicalMachine] = [:]
    /// The placement after the last one known; machines that are used next take numbers from here.
    private var nextUse = 1

    /// A fleet of these machines.
    ///
    /// - Parameter machines: the machines, in any order.
    public init(_ machines: some Sequence<PhysicalMachine> = []) {
        for machine in machines { update(machine) }
    }

    /// The machines by number.
    public var machines: [PhysicalMachine] { byID.values.sorted { $0.id < $1.id } }

    /// The machine with this number.
    public subscript(id: PMID) -> PhysicalMachine? { byID[id] }

    /// Takes in what is newly known of a machine.
    public mutating func update(_ machine: PhysicalMachine) {
        byID[machine.id] = machine
        nextUse = max(nextUse, machine.lastUsed + 1)
    }

    /// Books room on a machine as the claim in the store will.
    mutating func claim(_ needs: Resources, on id: PMID) {
        byID[id]?.claimed += needs
        byID[id]?.vmCount += 1
        byID[id]?.lastUsed = nextUse
        nextUse += 1
    }
}
