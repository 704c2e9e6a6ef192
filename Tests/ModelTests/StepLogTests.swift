import Foundation
import Model
import Testing

@Suite("The step log of a job")
struct StepLogTests {
    private let pm: PMID
    private var empty: StepLog { StepLog([:], on: pm, epoch: 1) }

    init() throws {
        pm = try #require(PMID(1))
    }

    /// The log after some steps of a create, the last of which has not ended.
    private func log(begun names: String...) -> StepLog {
        var log = empty
        for (index, step) in Operation.create.steps.enumerated() where names.contains(step.name) {
            log.take([log.begin(step)], at: "begin \(index)")
            if step.name != names.last { log.take([log.end(step, detail: nil)].compactMap(\.self), at: "end \(index)") }
        }
        return log
    }

    private func names(_ steps: some Sequence<OperationStep>) -> [String] { steps.map(\.name) }

    @Test("A job goes on at the first step that has no end")
    func resume() {
        let steps = Operation.create.steps.map(\.name)
        #expect(names(empty.remaining(of: .create)) == steps)
        for (index, _) in steps.enumerated() {
            var log = empty
            for step in Operation.create.steps.prefix(index) {
                log.take([log.begin(step)], at: "1")
                log.take([log.end(step, detail: "d")].compactMap(\.self), at: "2")
            }
            #expect(names(log.remaining(of: .create)) == Array(steps.dropFirst(index)))
            log.take([log.begin(Operation.create.steps[index])], at: "3")
            #expect(names(log.remaining(of: .create)) == Array(steps.dropFirst(index)), "begun is not ended")
        }
    }

    @Test("Nothing of the VM's is there until a step begins that leaves something, and after all of them were undone")
    func clean() {
        #expect(empty.isClean(of: .create))
        #expect(log(begun: "image").isClean(of: .create))
        var log = log(begun: "image", "disk")
        #expect(!log.isClean(of: .create))
        for undo in log.undoing(of: .create) {
            log.take(log.beginUndo(of: undo.steps), at: "u")
            #expect(!log.isClean(of: .create))
            log.take(log.endUndo(of: undo.steps), at: "v")
        }
        #expect(log.isClean(of: .create))
        #expect(names(log.remaining(of: .create)) == ["disk", "seed", "domain", "address", "start"])
    }

    @Test("Undo goes backwards over what was begun, once for neighbours that share it")
    func undo() {
        #expect(empty.undoing(of: .create).isEmpty)
        let undoing = log(begun: "image", "disk", "domain").undoing(of: .create)
        #expect(undoing.map(\.action) == [.remove])
        #expect(undoing.first.map { names($0.steps) } == ["domain", "disk"])
        let several = Operation(
            kind: "several",
            subject: .vm,
            claim: .place,
            steps: [
                OperationStep("a", "do_a", leaves: .ofVM, undo: "undo_a"),
                OperationStep("b", "do_b", leaves: .ofVM, undo: "undo_b"), OperationStep("c", "do_c"),
                OperationStep("d", "do_d", leaves: .ofVM, undo: "undo_b"),
            ],
            retry: RetryPolicy(),
            states: [],
            jobField: "several_job"
        )
        var log = empty
        for step in several.steps { log.take([log.begin(step)], at: "1") }
        #expect(log.undoing(of: several).map(\.action) == ["undo_b", "undo_a"])
        #expect(log.undoing(of: several).map { names($0.steps) } == [["d", "b"], ["a"]])
    }

    @Test("What is being undone counts as ended no more, so that whoever takes the job up does it again")
    func undoBegun() {
        var log = log(begun: "image", "disk", "domain")
        let steps = log.undoing(of: .create).flatMap(\.steps)
        log.take(log.beginUndo(of: steps), at: "u")
        #expect(names(log.remaining(of: .create)) == ["disk", "seed", "domain", "address", "start"])
    }

    @Test("What was done on another PM is none of this one's")
    func otherPM() throws {
        let other = StepLog(log(begun: "image", "disk").records, on: try #require(PMID(2)), epoch: 2)
        #expect(other.isClean(of: .create))
        #expect(names(other.remaining(of: .create)) == Operation.create.steps.map(\.name))
        #expect(!other.hasBegun(Operation.create.steps[0]))
    }

    @Test("A step that is begun again and again takes one line; one that is begun after its undo takes a new one")
    func lines() {
        var log = log(begun: "image", "disk")
        for time in 0..<100 { log.take([log.begin(Operation.create.steps[1])], at: "\(time)") }
        #expect(log.records.count == 2)
        log.take(log.endUndo(of: [Operation.create.steps[1]]), at: "u")
        #expect(log.hasBegun(Operation.create.steps[1]))
        log.take([log.begin(Operation.create.steps[1])], at: "b")
        #expect(log.records.keys.sorted() == [1, 2, 3])
        #expect(log.records[2]?.undoneAt == "u" && log.records[3]?.undoneAt == nil)
    }

    @Test("A line reads back as it was written, whatever its text, and its detail is bounded")
    func coding() throws {
        var log = empty
        let step = Operation.create.steps[1]
        let begin = log.begin(step)
        #expect(begin.openText == #"{"name":"disk","pm":1,"epoch":1"#)
        log.take([begin], at: "2026-01-01T00:00:00.000Z")
        for detail in ["", "a \"b\" \\ \u{7} 名前", String(repeating: "x", count: 5000)] {
            for write in [
                log.end(step, detail: detail), log.fail(step, because: Failure(.hypervisor, detail)),
                log.endUndo(of: [step]).first,
            ] {
                let write = try #require(write)
                let time = write.stamp.map { ",\"\($0.rawValue)\":\"now\"" } ?? ""
                let line = Data((write.openText + time + "}").utf8)
                let read = try JSONDecoder().decode(StepRecord.self, from: line)
                var written = log
                written.take([write], at: "now")
                #expect(read == written.records[1])
                #expect(read.detail?.utf8.count ?? 0 <= StepLog.detailLimit)
            }
        }
    }
}
