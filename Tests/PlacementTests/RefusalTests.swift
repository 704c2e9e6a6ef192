import Model
import Testing

@testable import Placement

@Suite("What refused requests were lacking")
struct RefusalTests {
    private func miss(_ missing: Resources, _ overcommit: [String: Double]? = nil) throws
        -> PlacementExplanation.NearestMiss
    {
        PlacementExplanation.NearestMiss(
            pm: try Fleets.machine(1).id,
            text: "",
            missing: missing,
            overcommit: overcommit
        )
    }

    private let one = Resources(cpu: 1, ram: 1024, disk: 1)

    @Test("They are counted by code and by what lacked; those that a constraint keeps out ask for no remedy")
    func counts() throws {
        let cpuAndRAM = try miss(Resources(cpu: 2, ram: 1, disk: 0))
        let refusals = [
            Refusal(needs: one, code: "no_capacity", miss: cpuAndRAM),
            Refusal(needs: one, code: "no_capacity", miss: try miss(Resources(cpu: 0, ram: 5, disk: 0))),
            Refusal(needs: one, code: "no_match", miss: nil),
        ]
        let analysis = analyze(refusals, on: FleetSnapshot([try Fleets.machine(1)]))
        #expect(analysis.codes == ["no_capacity": 2, "no_match": 1])
        #expect(analysis.lacking == ["cpu": 1, "ram": 2])
        #expect(analysis.extraPM?.serves == 2 && analysis.overcommit == nil)
    }

    @Test("One more PM of each size is tried; the one that serves most is named, of equals the most common")
    func extraPM() throws {
        func machine(_ number: Int, _ size: Resources) throws -> PhysicalMachine {
            var machine = try Fleets.machine(number)
            machine.measure?.capacity = size
            return machine
        }
        let small = Resources(cpu: 2, ram: 2048, disk: 2)
        let large = Resources(cpu: 8, ram: 8192, disk: 8)
        let fleet = FleetSnapshot([try machine(1, small), try machine(2, large), try machine(3, large)])
        let lack = try miss(one)
        let three = Array(repeating: Refusal(needs: one, code: "no_capacity", miss: lack), count: 3)
        let best = analyze(three, on: fleet).extraPM
        #expect(best?.like.value == 2 && best?.amount == large && best?.serves == 3)
        let two = Array(three.prefix(2))
        #expect(analyze(two, on: fleet).extraPM?.like.value == 2)
        let huge = Refusal(needs: Resources(cpu: 99, ram: 1, disk: 1), code: "no_capacity", miss: lack)
        #expect(analyze([huge], on: fleet).extraPM == nil)
        #expect(analyze([huge] + three, on: fleet).extraPM?.serves == 3, "one that does not fit keeps no other out")
    }

    @Test("The overcommit of one resource that would have served most is the largest that these need")
    func overcommit() throws {
        let refusals = try [["cpu": 1.5], ["cpu": 2.25], ["ram": 1.1], ["cpu": 9, "ram": 2]].map {
            Refusal(needs: one, code: "no_capacity", miss: try miss(one, $0))
        }
        let best = analyze(refusals, on: FleetSnapshot()).overcommit
        #expect(best == RefusalAnalysis.Overcommit(resource: "cpu", factor: 2.25, serves: 2))
    }

    @Test(
        "The nearest miss says what is missing and which overcommit would do in figures, too, also read from its JSON"
    )
    func figures() throws {
        let full = Resources(cpu: 4, ram: 0, disk: 0)
        let machine = try Fleets.machine(1, claimed: full, available: Resources(cpu: 4, ram: 4096, disk: 100))
        let request = PlacementRequest(vm: nil, needs: Resources(cpu: 2, ram: 1, disk: 1))
        let explanation = PlacementPolicy.seed.decide(request, on: FleetSnapshot([machine])).explanation
        let miss = try #require(explanation.nearestMiss)
        #expect(miss.missing == Resources(cpu: 2, ram: 0, disk: 0) && miss.overcommit == ["cpu": 1.5])
        let match = try #require(explanation.json.firstMatch(of: /"nearest_miss":(\{.*?\}\})/))
        #expect(match.1.hasSuffix(#""missing":{"cpu":2,"disk":0,"ram":0},"overcommit":{"cpu":1.5}}"#), "\(match.1)")
    }
}
