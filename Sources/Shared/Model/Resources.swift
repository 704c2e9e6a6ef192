/// An amount of CPU, memory and disk: what a type needs, a machine has, or a claim holds.
package struct Resources: Hashable, Sendable, Codable {
    /// Virtual CPUs.
    package var cpu: Int
    /// Memory in MiB.
    package var ram: Int
    /// Disk in GiB.
    package var disk: Int

    /// Nothing of anything.
    package static let zero = Resources(cpu: 0, ram: 0, disk: 0)

    package init(cpu: Int, ram: Int, disk: Int) {
        self.cpu = cpu
        self.ram = ram
        self.disk = disk
    }

    /// True where this amount goes into `headroom` in each resource.
    package func fits(in headroom: Resources) -> Bool {
        cpu <= headroom.cpu && ram <= headroom.ram && disk <= headroom.disk
    }

    /// Combines two amounts resource by resource.
    package func combined(with other: Resources, by operation: (Int, Int) -> Int) -> Resources {
        Resources(
            cpu: operation(cpu, other.cpu),
            ram: operation(ram, other.ram),
            disk: operation(disk, other.disk)
        )
    }

    /// Adds resource by resource.
    package static func + (left: Self, right: Self) -> Self { left.combined(with: right, by: +) }
    /// Subtracts resource by resource; the result may be negative.
    package static func - (left: Self, right: Self) -> Self { left.combined(with: right, by: -) }
    /// Adds in place.
    package static func += (left: inout Self, right: Self) { left = left + right }
    /// Subtracts in place.
    package static func -= (left: inout Self, right: Self) { left = left - right }
}

/// How many times over a machine's resources may be promised; 1 is not at all.
package struct Overcommit: Hashable, Sendable, Codable {
    /// The factor for CPUs.
    package var cpu: Double
    /// The factor for memory.
    package var ram: Double
    /// The factor for disk.
    package var disk: Double

    /// No overcommit.
    package static let none = Overcommit(cpu: 1, ram: 1, disk: 1)

    package init(cpu: Double, ram: Double, disk: Double) {
        self.cpu = cpu
        self.ram = ram
        self.disk = disk
    }

    /// What may be promised of `capacity`, rounded down.
    package func applied(to capacity: Resources) -> Resources {
        Resources(
            cpu: Self.scale(capacity.cpu, by: cpu),
            ram: Self.scale(capacity.ram, by: ram),
            disk: Self.scale(capacity.disk, by: disk)
        )
    }

    /// A product outside of what `Int` holds counts as nothing rather than trapping.
    ///
    /// A factor such as 1.15 is a little less as a double, and 1.15 times 100 is to be 115 all the same.
    private static func scale(_ amount: Int, by factor: Double) -> Int {
        Int(exactly: (Double(amount) * factor * (1 + 1e-12)).rounded(.down)) ?? 0
    }
}
