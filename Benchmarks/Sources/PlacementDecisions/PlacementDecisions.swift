import Foundation
import Model
import Placement

/// Times the pure core: one decision on fleets of 100 to 100,000 PMs under each policy, and 1,000 of them in one plan.
///
/// Usage: `PlacementDecisions DECISIONS`. Prints a line a measure: `one POLICY PMS MEDIAN_US P99_US`, and
/// `batch POLICY PMS MS`, the median of five plans of 1,000 VMs.
@main
struct PlacementDecisions {
    static func main() throws {
        guard let count = CommandLine.arguments.dropFirst().first.flatMap({ Int($0) }), count > 0 else {
            throw Trouble(description: "Usage: PlacementDecisions DECISIONS")
        }
        for size in [100, 1000, 10_000, 100_000] {
            let fleet = try fleet(of: size)
            for policy in PlacementPolicy.all {
                let times = try oneByOne(count, on: fleet, by: policy)
                let (median, late) = (times[times.count / 2], times[times.count * 99 / 100])
                print("one", policy.name, size, microseconds(median), microseconds(late))
            }
            guard size == 10_000 else { continue }
            for policy in PlacementPolicy.all {
                let requests = try (1...1000).map { try request($0) }
                let times = (0..<5).map { _ in
                    ContinuousClock().measure { precondition(plan(requests, on: fleet, by: policy).count == 1000) }
                }.sorted()
                print("batch", policy.name, size, String(format: "%.3f", times[2] / .milliseconds(1)))
            }
        }
    }

    /// Each decision for itself, on a fleet that moves on as it does between two looks at the queue.
    private static func oneByOne(
        _ count: Int,
        on start: FleetSnapshot,
        by policy: PlacementPolicy
    ) throws -> [Duration] {
        var fleet = start
        var use = 1_000_000
        var times: [Duration] = []
        for number in 1...count {
            let request = try request(number)
            let clock = ContinuousClock()
            let began = clock.now
            let decision = plan([request], on: fleet, by: policy)[0]
            times.append(clock.now - began)
            guard let id = decision.machine, var machine = fleet[id] else {
                throw Trouble(description: "no place for \(number)")
            }
            use += 1
            machine.claimed += request.needs
            machine.lastUsed = use
            fleet.update(machine)
        }
        return times.sorted()
    }

    /// PMs of three sizes, partly used, one in fifty of them down and one in fifty full.
    private static func fleet(of size: Int) throws -> FleetSnapshot {
        var random = SplitMix(state: UInt64(size))
        return FleetSnapshot(
            try (1...size).map { number in
                let scale = [1, 2, 4][Int.random(in: 0...2, using: &random)]
                let capacity = Resources(cpu: 32 * scale, ram: 131_072 * scale, disk: 4000 * scale)
                let share = Int.random(in: 0...60, using: &random)
                let isFull = Int.random(in: 0..<50, using: &random) == 0
                return PhysicalMachine(
                    id: try identifier(number),
                    listing: PMListing(address: try PMAddress("host\(number)")),
                    state: Int.random(in: 0..<50, using: &random) == 0 ? .unknown : .up,
                    isProbed: true,
                    measure: PMMeasure(
                        capacity: capacity,
                        available: isFull ? .zero : capacity,
                        load: .random(in: 0...32, using: &random)
                    ),
                    claimed: Resources(
                        cpu: capacity.cpu * share / 100,
                        ram: capacity.ram * share / 100,
                        disk: capacity.disk * share / 100
                    ),
                    lastUsed: .random(in: 0...900_000, using: &random)
                )
            }
        )
    }

    private static func request(_ number: Int) throws -> PlacementRequest {
        PlacementRequest(
            vm: try identifier(number),
            needs: Resources(cpu: 1 + number % 2, ram: 512 << (number % 3), disk: 10),
            image: try identifier(100)
        )
    }

    private static func identifier<Entity>(_ number: Int) throws -> Identifier<Entity> {
        guard let identifier = Identifier<Entity>(number) else { throw Trouble(description: "\(number) is no number") }
        return identifier
    }

    private static func microseconds(_ duration: Duration) -> String {
        String(format: "%.3f", duration / .microseconds(1))
    }
}

/// Why there is no result.
struct Trouble: Error, CustomStringConvertible {
    let description: String
}

/// Numbers that follow from a seed (SplitMix64).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
