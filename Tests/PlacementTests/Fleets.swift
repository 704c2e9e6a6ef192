import Model
import Placement

/// Machines and requests for tests.
enum Fleets {
    static func machine(
        _ number: Int,
        free: Resources = Resources(cpu: 4, ram: 4096, disk: 100),
        load: Double = 0,
        lastUsed: Int = 0,
        state: PMState = .up,
        isProbed: Bool = true,
        isCordoned: Bool = false,
        claimed: Resources = .zero,
        available: Resources? = nil
    ) throws -> PhysicalMachine {
        PhysicalMachine(
            id: try identifier(number),
            listing: PMListing(address: try PMAddress("host\(number)")),
            state: state,
            isProbed: isProbed,
            isCordoned: isCordoned,
            measure: PMMeasure(capacity: free, available: available ?? free, load: load),
            claimed: claimed,
            lastUsed: lastUsed
        )
    }

    static func request(_ number: Int, cpu: Int = 1, ram: Int = 512, disk: Int = 1) throws -> PlacementRequest {
        PlacementRequest(vm: try identifier(number), needs: Resources(cpu: cpu, ram: ram, disk: disk))
    }

    static func random(_ generator: inout some RandomNumberGenerator, machines: Int) throws -> FleetSnapshot {
        FleetSnapshot(
            try (1...machines).map { number in
                try machine(
                    number,
                    free: Resources(
                        cpu: .random(in: 0...8, using: &generator),
                        ram: .random(in: 0...8192, using: &generator),
                        disk: .random(in: 0...50, using: &generator)
                    ),
                    load: .random(in: 0...4, using: &generator),
                    lastUsed: .random(in: 0...20, using: &generator),
                    state: .random(0.8, using: &generator) ? .up : .degraded,
                    isCordoned: .random(0.1, using: &generator)
                )
            }
        )
    }

    static func identifier<Entity>(_ number: Int) throws -> Identifier<Entity> {
        guard let identifier = Identifier<Entity>(number) else { throw InvalidNumber(number: number) }
        return identifier
    }

    struct InvalidNumber: Error {
        let number: Int
    }
}

extension Bool {
    /// True with this probability.
    static func random(_ probability: Double, using generator: inout some RandomNumberGenerator) -> Bool {
        Double.random(in: 0..<1, using: &generator) < probability
    }
}

/// A generator whose numbers follow from its seed (splitmix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
