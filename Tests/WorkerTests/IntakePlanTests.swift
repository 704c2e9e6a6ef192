import Model
import Placement
import Store
import Testing

@testable import Worker

@Suite("What the intake does with the oldest entries")
struct IntakePlanTests {
    private func line(_ number: Int, _ kind: Job.Kind, placedOn pm: Int? = nil) throws -> QueueSnapshot.Line {
        let job = try #require(JobID(number))
        let vm = try #require(VMID(number))
        let needs = kind == .create ? Resources(cpu: 1, ram: 1, disk: 1) : .zero
        return QueueSnapshot.Line(
            bytes: Array("\(number)".utf8),
            entry: QueueEntry(job: job, kind: kind, vm: vm, needs: needs),
            placedOn: pm.flatMap(PMID.init)
        )
    }

    private func machine(cpu: Int, isProbed: Bool = true) throws -> PhysicalMachine {
        let room = Resources(cpu: cpu, ram: 100, disk: 100)
        return PhysicalMachine(
            id: try #require(PMID(1)),
            listing: PMListing(address: try PMAddress("h")),
            state: .up,
            isProbed: isProbed,
            measure: PMMeasure(capacity: room, available: room)
        )
    }

    private func words(_ lines: [QueueSnapshot.Line], _ machines: [PhysicalMachine]) -> [String] {
        IntakePlan.steps(for: lines, on: FleetSnapshot(machines), by: .seed).map { step in
            let text = String(decoding: step.line.bytes, as: UTF8.self)
            return switch step.action {
            case .place(let pm, _): "\(text) place \(pm)"
            case .run: "\(text) run"
            case .refuse(let failure, _): "\(text) \(failure.code.rawValue)"
            case .deferUntilProbed(let pm, _, _): "\(text) defer \(pm)"
            case .deadLetter: "\(text) dead-letter"
            }
        }
    }

    @Test("Creates are placed or refused in order; destroys run; what is none of ours goes to the dead-letter list")
    func mixed() throws {
        let lines = [
            try line(1, .create), try line(2, .destroy), QueueSnapshot.Line(bytes: Array("junk".utf8), entry: nil),
            try line(3, .create),
        ]
        #expect(words(lines, [try machine(cpu: 1)]) == ["1 place 1", "2 run", "junk dead-letter", "3 no_capacity"])
    }

    @Test("An entry of an operation that this version does not have is given up, and those behind it go on")
    func unknownOperation() throws {
        let lines = [try line(1, "evaporate"), try line(2, .destroy)]
        #expect(words(lines, []) == ["1 dead-letter", "2 run"])
    }

    @Test("Nothing overtakes an entry that cannot be decided yet")
    func undecided() throws {
        let lines = [try line(1, .destroy), try line(2, .create), try line(3, .destroy)]
        #expect(words(lines, [try machine(cpu: 1, isProbed: false)]) == ["1 run"])
    }

    @Test("A create that came back with its claim takes nothing from those behind it, and waits for no probe")
    func placedAlready() throws {
        let lines = [try line(1, .create, placedOn: 1), try line(2, .create), try line(3, .create)]
        #expect(words(lines, [try machine(cpu: 1)]) == ["1 run", "2 place 1", "3 no_capacity"])
        #expect(words([lines[0]], [try machine(cpu: 1, isProbed: false)]) == ["1 run"])
    }
}
