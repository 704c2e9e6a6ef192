import Model
import Placement
import Store
import Testing

@testable import Worker

@Suite("What the intake does with the oldest entries")
struct IntakePlanTests {
    private func line(_ number: Int, _ kind: Job.Kind) throws -> Peek.Line {
        let job = try #require(JobID(number))
        let vm = try #require(VMID(number))
        let needs = kind == .create ? Resources(cpu: 1, ram: 1, disk: 1) : .zero
        return Peek.Line(text: "\(number)", entry: QueueEntry(job: job, kind: kind, vm: vm, needs: needs))
    }

    private func machine(cpu: Int, isExplored: Bool = true) throws -> PhysicalMachine {
        let room = Resources(cpu: cpu, ram: 100, disk: 100)
        return PhysicalMachine(
            id: try #require(PMID(1)),
            listing: PMListing(address: try PMAddress("h")),
            state: .up,
            isExplored: isExplored,
            measure: PMMeasure(capacity: room, available: room)
        )
    }

    private func words(_ lines: [Peek.Line], _ machines: [PhysicalMachine]) -> [String] {
        IntakePlan.steps(for: lines, on: FleetSnapshot(machines), by: .seed).map { step in
            switch step.action {
            case .place(let pm, _): "\(step.line.text) place \(pm)"
            case .run: "\(step.line.text) run"
            case .refuse(let failure, _): "\(step.line.text) \(failure.code.rawValue)"
            case .bury: "\(step.line.text) bury"
            }
        }
    }

    @Test("Creates are placed or refused in order; destroys run; what is none of ours is buried")
    func mixed() throws {
        let lines = [
            try line(1, .create), try line(2, .destroy), Peek.Line(text: "junk", entry: nil), try line(3, .create),
        ]
        #expect(words(lines, [try machine(cpu: 1)]) == ["1 place 1", "2 run", "junk bury", "3 no_capacity"])
    }

    @Test("Nothing overtakes an entry that cannot be decided yet")
    func undecided() throws {
        let lines = [try line(1, .destroy), try line(2, .create), try line(3, .destroy)]
        #expect(words(lines, [try machine(cpu: 1, isExplored: false)]) == ["1 run"])
    }
}
