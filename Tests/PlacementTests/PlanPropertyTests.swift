import Foundation
import Model
import Placement
import Testing

@Suite("Plans, over random fleets")
struct PlanPropertyTests {
    private static let tags = ["ssd", "gpu", "rack1"]
    private static let groups: [(String, GroupRule)] = [
        ("together", .affinity), ("apart", .antiAffinity), ("loose", .spread),
    ]

    @Test(
        "Never overbooked, never a filter broken, refused only where nothing fits, and the same again",
        arguments: PlacementPolicy.all.map(\.name),
        1...100 as ClosedRange<UInt64>
    )
    func invariants(name: String, seed: UInt64) throws {
        let policy = try #require(PlacementPolicy.all.first { $0.name == name }).configured(seed: seed)
        var generator = SeededGenerator(state: seed)
        let fleet = try Self.fleet(&generator)
        let requests = try (1...Int.random(in: 1...40, using: &generator)).map { try Self.request($0, &generator) }
        let decisions = plan(requests, on: fleet, by: policy)
        #expect(decisions == plan(requests, on: fleet, by: policy))
        #expect(decisions.count == requests.count)
        var state = Booked()
        for (request, decision) in zip(requests, decisions) {
            let fit = fleet.machines.filter { state.takes(request, $0) }
            #expect(decision.explanation.fit == fit.count, "\(request)")
            let counted = decision.explanation.objections.values.reduce(fit.count, +)
            #expect(counted == fleet.count)
            #expect(decision.explanation.considered.count <= PlacementExplanation.detailLimit)
            guard let id = decision.machine else {
                #expect(fit.isEmpty)
                continue
            }
            let machine = try #require(fleet[id])
            #expect(fit.contains(machine), "\(request) on \(machine)")
            state.book(request, on: machine)
        }
    }

    @Test("A decoder reads back an explanation's text", arguments: 1...10 as ClosedRange<UInt64>)
    func explanationText(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        let fleet = try Self.fleet(&generator)
        let requests = try (1...40).map { try Self.request($0, &generator) }
        for explanation in plan(requests, on: fleet, by: .spread).map(\.explanation) {
            let text = Data(explanation.json.utf8)
            #expect(try JSONDecoder().decode(PlacementExplanation.self, from: text) == explanation)
        }
    }

    @Test(
        "A plan that is applied to the fleet's records leaves the fleet that the plan saw",
        arguments: 1...50 as ClosedRange<UInt64>
    )
    func applied(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        var fleet = try Self.fleet(&generator)
        let requests = try (1...20).map { try Self.request($0, &generator) }
        let whole = plan(requests, on: fleet, by: .pack)
        var use = fleet.machines.map(\.lastUsed).max() ?? 0
        for (request, planned) in zip(requests, whole) {
            let alone = try #require(plan([request], on: fleet, by: .pack).first)
            #expect(alone.outcome == planned.outcome)
            guard let id = alone.machine, var machine = fleet[id] else { continue }
            use += 1
            machine.claimed += request.needs
            machine.lastUsed = use
            for group in request.constraints.groups.keys { machine.groups[group, default: 0] += 1 }
            fleet.update(machine)
        }
    }

    @Test("The order in which machines become known is of no account", arguments: 1...30 as ClosedRange<UInt64>)
    func anyOrder(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        let fleet = try Self.fleet(&generator)
        let requests = try (1...10).map { try Self.request($0, &generator) }
        var other = FleetSnapshot()
        for machine in fleet.machines.shuffled(using: &generator) { other.update(machine) }
        #expect(plan(requests, on: fleet, by: .seed) == plan(requests, on: other, by: .seed))
    }

    // MARK: Cases

    static func fleet(_ generator: inout SeededGenerator) throws -> FleetSnapshot {
        let plain = try Fleets.random(&generator, machines: .random(in: 1...12, using: &generator))
        return FleetSnapshot(
            plain.machines.map { machine in
                var machine = machine
                machine.listing.tags = Set(tags.filter { _ in .random(0.5, using: &generator) })
                machine.architecture = .random(0.7, using: &generator) ? "x86_64" : "aarch64"
                machine.listing.reserve.ram = .random(in: 0...512, using: &generator)
                machine.failures = .random(0.2, using: &generator) ? 1 : 0
                if .random(0.3, using: &generator) { machine.groups = ["apart": 1] }
                return machine
            }
        )
    }

    static func request(_ number: Int, _ generator: inout SeededGenerator) throws -> PlacementRequest {
        func some<Element>(_ elements: [Element], _ probability: Double) -> [Element] {
            elements.filter { _ in .random(probability, using: &generator) }
        }
        let constraints = PlacementConstraints(
            architecture: .random(0.2, using: &generator) ? "x86_64" : nil,
            tags: some(tags, 0.1),
            notTags: [],
            pm: .random(0.05, using: &generator) ? try Fleets.identifier(1) : nil,
            notPMs: .random(0.1, using: &generator) ? [try Fleets.identifier(2)] : [],
            groups: Dictionary(uniqueKeysWithValues: some(groups, 0.2))
        )
        return PlacementRequest(
            vm: try Fleets.identifier(number),
            needs: Resources(
                cpu: .random(in: 1...3, using: &generator),
                ram: .random(in: 64...2048, using: &generator),
                disk: .random(in: 1...8, using: &generator)
            ),
            constraints: constraints,
            excludedPMs: .random(0.1, using: &generator) ? [try Fleets.identifier(3)] : []
        )
    }

    /// What is booked, counted without the code under test.
    struct Booked {
        var used: [PMID: Resources] = [:]
        var members: [String: [PMID]] = [:]

        func takes(_ request: PlacementRequest, _ machine: PhysicalMachine) -> Bool {
            let wanted = request.constraints
            guard machine.takesVMs, !request.excludedPMs.contains(machine.id), wanted.pm ?? machine.id == machine.id,
                !wanted.notPMs.contains(machine.id),
                wanted.architecture ?? machine.architecture == machine.architecture,
                machine.tags.isSuperset(of: wanted.tags)
            else { return false }
            for (group, rule) in wanted.groups {
                let here = (members[group] ?? []).contains(machine.id) || machine.groups[group] != nil
                if rule == .antiAffinity, here { return false }
                if rule == .affinity, let places = members[group], !places.contains(machine.id) { return false }
            }
            var after = machine
            after.claimed += used[machine.id, default: .zero]
            return request.needs.fits(in: after.headroom)
        }

        mutating func book(_ request: PlacementRequest, on machine: PhysicalMachine) {
            used[machine.id, default: .zero] += request.needs
            for group in request.constraints.groups.keys { members[group, default: []].append(machine.id) }
        }
    }
}
