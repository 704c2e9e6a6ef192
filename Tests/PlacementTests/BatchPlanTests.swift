import Model
import Placement
import Testing

@Suite("Plans for batches, over random fleets")
struct BatchPlanTests {
    private typealias Booked = PlanPropertyTests.Booked

    @Test(
        "All VMs of a batch get places that no filter forbids and that hold them together, or none does",
        arguments: PlacementPolicy.all.map(\.name),
        1...60 as ClosedRange<UInt64>
    )
    func allOrNone(name: String, seed: UInt64) throws {
        let policy = try #require(PlacementPolicy.all.first { $0.name == name }).configured(seed: seed)
        var generator = SeededGenerator(state: seed)
        let fleet = try PlanPropertyTests.fleet(&generator)
        let batches = try (1...8).map { batch in
            try (1...Int.random(in: 1...6, using: &generator)).map {
                try PlanPropertyTests.request(10 * batch + $0, &generator)
            }
        }
        let decisions = plan(batches: batches, on: fleet, by: policy)
        #expect(decisions == plan(batches: batches, on: fleet, by: policy))
        var state = Booked()
        for (requests, decision) in zip(batches, decisions) {
            switch decision {
            case .undecided: Issue.record("each PM was probed")
            case .refuse:
                // One alone is refused only where nothing fits.
                let fit = fleet.machines.contains { state.takes(requests[0], $0) }
                #expect(requests.count > 1 || !fit)
            case .place(let places):
                #expect(places.count == requests.count)
                // In an order in which each fits: the largest may have gone first.
                var left = Array(zip(requests, places))
                while !left.isEmpty {
                    let next = left.firstIndex { request, place in
                        place.machine.flatMap { fleet[$0] }.map { state.takes(request, $0) } ?? false
                    }
                    guard let next else {
                        Issue.record("\(left) do not fit together")
                        break
                    }
                    let (request, place) = left.remove(at: next)
                    state.book(request, on: try #require(place.machine.flatMap { fleet[$0] }))
                }
            }
        }
    }

    @Test(
        "Of VMs that are alike as many fit as any way of placing them would bring in",
        arguments: 1...60 as ClosedRange<UInt64>
    )
    func alike(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        let fleet = try Fleets.random(&generator, machines: .random(in: 1...6, using: &generator))
        let (cpu, ram) = (Int.random(in: 1...2, using: &generator), Int.random(in: 256...2048, using: &generator))
        var (state, most) = (Booked(), 0)
        let request = try Fleets.request(1, cpu: cpu, ram: ram)
        while let machine = fleet.machines.first(where: { state.takes(request, $0) }) {
            state.book(request, on: machine)
            most += 1
        }
        for count in [most, most + 1] where count > 0 {
            let requests = try (1...count).map { try Fleets.request($0, cpu: cpu, ram: ram) }
            switch plan(batches: [requests], on: fleet, by: .seed)[0] {
            case .place: #expect(count == most)
            case .undecided: Issue.record("undecided")
            case .refuse(let failure, _):
                #expect(count == most + 1)
                let isBatch = failure.message.hasPrefix("\(most) of \(count) fit")
                #expect(isBatch || count == 1, "\(failure)")
            }
        }
    }

    @Test("A batch that is refused takes nothing from the next one", arguments: 1...30 as ClosedRange<UInt64>)
    func leavesNothing(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        let fleet = try PlanPropertyTests.fleet(&generator)
        let batches = try (1...5).map { batch in
            try (1...4).map { try PlanPropertyTests.request(10 * batch + $0, &generator) }
        }
        let decisions = plan(batches: batches, on: fleet, by: .seed)
        let placed = zip(batches, decisions).filter { if case .place = $1 { true } else { false } }
        #expect(plan(batches: placed.map(\.0), on: fleet, by: .seed) == placed.map(\.1))
    }

    @Test("A large VM that a small one would keep out goes first; one that cannot be decided on yet keeps all waiting")
    func orders() throws {
        let fleet = FleetSnapshot([
            try Fleets.machine(1, free: Resources(cpu: 4, ram: 4096, disk: 40)),
            try Fleets.machine(2, free: Resources(cpu: 4, ram: 1024, disk: 40), lastUsed: 1),
        ])
        let requests = [try Fleets.request(1, ram: 1024), try Fleets.request(2, ram: 4096)]
        guard case .place(let places) = plan(batches: [requests], on: fleet, by: .seed)[0] else {
            Issue.record("both fit")
            return
        }
        #expect(places.map { $0.machine?.value } == [2, 1])

        let unprobed = FleetSnapshot([
            try Fleets.machine(1), try Fleets.machine(2, state: .unknown, isProbed: false),
        ])
        let many = try (1...5).map { try Fleets.request($0) }
        #expect(plan(batches: [many], on: unprobed, by: .seed) == [.undecided])
    }

    @Test("The groups of a batch hold among its own VMs")
    func groups() throws {
        let fleet = FleetSnapshot(try (1...3).map { try Fleets.machine($0) })
        func requests(_ count: Int) throws -> [PlacementRequest] {
            try (1...count).map {
                PlacementRequest(
                    vm: try Fleets.identifier($0),
                    needs: Resources(cpu: 1, ram: 1, disk: 1),
                    constraints: PlacementConstraints(groups: ["apart": .antiAffinity])
                )
            }
        }
        guard case .place(let places) = plan(batches: [try requests(3)], on: fleet, by: .seed)[0],
            case .refuse(let failure, _) = plan(batches: [try requests(4)], on: fleet, by: .seed)[0]
        else {
            Issue.record("three fit and four do not")
            return
        }
        #expect(Set(places.compactMap(\.machine)).count == 3)
        #expect(failure.message.hasPrefix("3 of 4 fit"))
    }
}
