import Model
import Placement
import Testing

@Suite("Policies")
struct PolicyTests {
    private static let size = Resources(cpu: 1, ram: 512, disk: 1)

    private func chosen(_ machines: [PhysicalMachine], by policy: PlacementPolicy, vm: Int = 1) throws -> Int? {
        plan([try Fleets.request(vm)], on: FleetSnapshot(machines), by: policy).first?.machine?.value
    }

    @Test("spread takes the machine of which most is free, pack the one that is filled best")
    func spreadAndPack() throws {
        let capacity = Resources(cpu: 8, ram: 8192, disk: 100)
        let machines = try [6, 1, 3].enumerated().map { number, claimed in
            let claims = Resources(cpu: claimed, ram: claimed * 1024, disk: claimed * 10)
            return try Fleets.machine(number + 1, free: capacity, claimed: claims)
        }
        #expect(try chosen(machines, by: .spread) == 2)
        #expect(try chosen(machines, by: .pack) == 1)
    }

    @Test("random goes everywhere, follows from its seed, and differs by VM")
    func random() throws {
        let machines = try (1...4).map { try Fleets.machine($0) }
        let seeded = PlacementPolicy.random.configured(seed: 7)
        let places = try (1...100).map { try chosen(machines, by: seeded, vm: $0) }
        #expect(Set(places).count == 4)
        #expect(try places == (1...100).map { try chosen(machines, by: seeded, vm: $0) })
        #expect(try places != (1...100).map { try chosen(machines, by: .random, vm: $0) })
    }

    @Test("Weights of the configuration change the order, and 0 takes a weigher out")
    func weights() throws {
        let machines = [
            try Fleets.machine(1, free: Resources(cpu: 8, ram: 8192, disk: 100), load: 8),
            try Fleets.machine(2, free: Resources(cpu: 8, ram: 8192, disk: 90), load: 0),
        ]
        #expect(try chosen(machines, by: .spread.configured(weights: ["load": 0])) == 1)
        #expect(try chosen(machines, by: .spread.configured(weights: ["load": 5])) == 2)
    }

    @Test(
        "A policy is asked for by its name, and by weights after a colon; what is neither is refused with what there is"
    )
    func choice() throws {
        #expect(PolicyChoice("pack") == PolicyChoice(name: "pack"))
        let choice = try #require(PolicyChoice("spread:load=5,image_cached=0"))
        #expect(choice == PolicyChoice(name: "spread", weights: ["load": 5, "image_cached": 0]))
        #expect(PolicyChoice("\(choice)") == choice)
        #expect(PolicyChoice.weights(choice.weightsText) == choice.weights)
        let machines = [
            try Fleets.machine(1, free: Resources(cpu: 8, ram: 8192, disk: 100), load: 8),
            try Fleets.machine(2, free: Resources(cpu: 8, ram: 8192, disk: 90), load: 0),
        ]
        #expect(try chosen(machines, by: choice.policy()) == 2)
        for text in [
            "", "best", ":load=1", "spread:load", "spread:load=x", "spread:load=1001", "spread:best=1", "a:b:c",
            "spread:load=1,load=2",
        ] {
            #expect(PolicyChoice(text) == nil, "\(text)")
            let failure = #expect(throws: Failure.self) { try PolicyChoice.named(text) }
            #expect(failure?.message.contains("seed, spread, pack, random") == true)
        }
    }

    @Test(
        "A copy of the image draws a VM where all else is equal, under spread and pack",
        arguments: ["spread", "pack"],
        [100, 163, 164]
    )
    func cachedImage(name: String, image: Int) throws {
        let policy = try #require(PlacementPolicy.all.first { $0.name == name })
        var machines = try (1...3).map { try Fleets.machine($0) }
        machines[2].cachedImages = [try Fleets.identifier(image)]
        let request = PlacementRequest(
            vm: try Fleets.identifier(1),
            needs: Self.size,
            image: try Fleets.identifier(image)
        )
        for fleet in [FleetSnapshot(machines), FleetSnapshot(machines.reversed())] {
            #expect(plan([request], on: fleet, by: policy).first?.machine?.value == 3)
        }
    }

    @Test("A machine on which creates failed comes last under every policy", arguments: PlacementPolicy.all.map(\.name))
    func failures(name: String) throws {
        let policy = try #require(PlacementPolicy.all.first { $0.name == name })
        var machines = try (1...3).map { try Fleets.machine($0) }
        machines[0].failures = 1
        machines[1].failures = 2
        #expect(try chosen(machines, by: policy) == 3)
    }

    @Test("What decisions read of a machine is as large as a cache line: more makes every one of them slower")
    func rowSize() {
        #expect(MemoryLayout<PMRow>.stride == 64)
    }

    @Test("Every policy and every weigher has a name of its own")
    func names() {
        let policies = PlacementPolicy.all.map(\.name)
        let weighers = PlacementPolicy.weighers.map(\.name)
        #expect(Set(policies).count == policies.count && Set(weighers).count == weighers.count)
        for policy in PlacementPolicy.all {
            #expect(Set(policy.filters.map(\.name)).count == policy.filters.count)
            #expect(Set(policy.tiers.joined().map(\.weigher.name)).isSubset(of: weighers))
        }
    }
}

@Suite("Filters")
struct FilterTests {
    private func outcome(
        _ constraints: PlacementConstraints,
        _ machines: [PhysicalMachine],
        excludedPMs: Set<PMID> = [],
        time: Int = 0,
        policy: PlacementPolicy = .seed
    ) throws -> PlacementDecision {
        let request = PlacementRequest(
            vm: try Fleets.identifier(1),
            needs: Resources(cpu: 1, ram: 512, disk: 1),
            constraints: constraints,
            excludedPMs: excludedPMs
        )
        return try #require(plan([request], on: FleetSnapshot(machines, time: time), by: policy).first)
    }

    private func code(_ decision: PlacementDecision) -> FailureCode? {
        if case .refuse(let failure) = decision.outcome { failure.code } else { nil }
    }

    @Test("Tags, of the file and added, are required and forbidden")
    func tags() throws {
        var machines = try (1...3).map { try Fleets.machine($0) }
        machines[1].listing.tags = ["ssd"]
        machines[2].addedTags = ["ssd", "old"]
        #expect(try outcome(PlacementConstraints(tags: ["ssd"]), machines).machine?.value == 2)
        #expect(try outcome(PlacementConstraints(tags: ["ssd", "old"]), machines).machine?.value == 3)
        #expect(try outcome(PlacementConstraints(notTags: ["ssd"]), machines).machine?.value == 1)
        let none = try outcome(PlacementConstraints(tags: ["gpu"]), machines)
        #expect(code(none) == .noMatch)
        #expect(none.explanation.objections == ["lacks a tag that is required": 3])
    }

    @Test("An architecture, one PM, and all but some PMs can be asked for")
    func named() throws {
        var machines = try (1...3).map { try Fleets.machine($0) }
        machines[2].architecture = "aarch64"
        #expect(try outcome(PlacementConstraints(architecture: "aarch64"), machines).machine?.value == 3)
        #expect(try outcome(PlacementConstraints(pm: try Fleets.identifier(2)), machines).machine?.value == 2)
        let but = [try Fleets.identifier(1), try Fleets.identifier(2)] as [PMID]
        #expect(try outcome(PlacementConstraints(notPMs: but), machines).machine?.value == 3)
        #expect(try code(outcome(PlacementConstraints(architecture: "riscv64"), machines)) == .noMatch)
        #expect(try code(outcome(.none, machines, excludedPMs: Set(machines.map(\.id)))) == .noMachine)
    }

    @Test("Affinity follows the group, anti-affinity keeps away from it, spread prefers to")
    func groups() throws {
        var machines = try (1...3).map { try Fleets.machine($0) }
        machines[0].groups = ["web": 1]
        machines[1].groups = ["web": 2]
        #expect(try outcome(PlacementConstraints(groups: ["web": .antiAffinity]), machines).machine?.value == 3)
        #expect(try outcome(PlacementConstraints(groups: ["web": .affinity]), machines).machine?.value == 1)
        #expect(try outcome(PlacementConstraints(groups: ["new": .affinity]), machines).machine?.value == 1)
        #expect(try outcome(PlacementConstraints(groups: ["web": .spread]), machines).machine?.value == 3)
        machines.removeLast()
        #expect(try code(outcome(PlacementConstraints(groups: ["web": .antiAffinity]), machines)) == .noMatch)
        #expect(try outcome(PlacementConstraints(groups: ["web": .spread]), machines).machine?.value == 1)
    }

    @Test("A measure that is too old defers what nothing else can take")
    func stale() throws {
        var machine = try Fleets.machine(1)
        machine.measure?.time = 1_000_000
        let policy = PlacementPolicy.seed.configured(oldest: 60_000)
        #expect(try outcome(.none, [machine], time: 1_050_000, policy: policy).machine?.value == 1)
        #expect(try outcome(.none, [machine], time: 1_070_000, policy: policy).outcome == .undecided)
    }

    @Test("Only a request that a PM might take waits for its probe")
    func awaitsProbe() throws {
        let machines = [try Fleets.machine(1, isCordoned: true), try Fleets.machine(2, isProbed: false)]
        let (first, second): (PMID, PMID) = (try Fleets.identifier(1), try Fleets.identifier(2))
        #expect(try outcome(.none, machines).outcome == .undecided)
        #expect(try outcome(PlacementConstraints(pm: second), machines).outcome == .undecided)
        #expect(try outcome(PlacementConstraints(architecture: "x86_64"), machines).outcome == .undecided)
        #expect(try code(outcome(PlacementConstraints(pm: first), machines)) != nil)
        #expect(try code(outcome(PlacementConstraints(tags: ["ssd"]), machines)) != nil)
        #expect(try code(outcome(.none, machines, excludedPMs: [second])) != nil)
    }

    @Test("Where CPUs are short the nearest miss names the overcommit, too")
    func missingCPUs() throws {
        let full = Resources(cpu: 4, ram: 0, disk: 0)
        let machine = try Fleets.machine(1, claimed: full, available: Resources(cpu: 4, ram: 4096, disk: 100))
        let miss = try #require(try outcome(.none, [machine]).explanation.nearestMiss)
        #expect(miss.text == "lacks 1 CPU; with overcommit_cpu=1.25 it fits")
    }

    @Test("A weigher that stands in two tiers is explained by the term of the first")
    func twoTiers() throws {
        let policy = PlacementPolicy.seed.configured(weights: ["load": 100, "last_used": 0])
        let explanation = try outcome(.none, [try Fleets.machine(1, load: 4)], policy: policy).explanation
        #expect(explanation.considered.first?.weights?["load"] == 50)
    }

    @Test("The nearest miss is the PM that lacks least, with the overcommit under which it would do")
    func nearestMiss() throws {
        let machines = [
            try Fleets.machine(1, free: Resources(cpu: 4, ram: 100, disk: 50)),
            try Fleets.machine(
                2,
                free: Resources(cpu: 4, ram: 2048, disk: 50),
                claimed: Resources(cpu: 0, ram: 1792, disk: 0),
                available: Resources(cpu: 4, ram: 4096, disk: 50)
            ),
            try Fleets.machine(3, free: Resources(cpu: 4, ram: 510, disk: 50), isCordoned: true),
        ]
        let miss = try #require(try outcome(.none, machines).explanation.nearestMiss)
        #expect(miss.pm.value == 2)
        #expect(miss.text == "lacks 256 MiB; with overcommit_ram=1.13 it fits")
        var better = machines[1]
        better.listing.overcommit.ram = 1.13
        #expect(try outcome(.none, [better]).machine?.value == 2)
    }

    @Test("An explanation has each filter's figures up to the objection, and each weigher's term")
    func explanation() throws {
        var machines = try (1...3).map { try Fleets.machine($0, lastUsed: $0) }
        machines[0].isCordoned = true
        machines[1].measure?.capacity.ram = 100
        let explanation = try outcome(.none, machines).explanation
        #expect(explanation.chosen?.value == 3 && explanation.fit == 1)
        #expect(explanation.objections == ["cordoned": 1, "lacks memory": 1])
        #expect(explanation.considered.map(\.pm.value) == [3, 1, 2])
        let room = "4 CPUs, 4096 MiB, 100 GiB free"
        #expect(explanation.considered[0].filters == ["state": "up", "room": room])
        #expect(explanation.considered[0].weights == ["last_used": 0.75, "load": 0])
        #expect(explanation.considered[1].objection == "cordoned" && explanation.considered[1].filters.count == 1)
        #expect(explanation.considered[2].filters["room"] == "4 CPUs, 100 MiB, 100 GiB free")
    }
}
