import API
import Testing

@testable import CLI

@Suite("What hvctl says of a job while it waits")
struct StepLineTests {
    private func job(_ steps: [JSONValue], state: String = "running", more: [String: JSONValue] = [:]) -> JSONValue {
        let members: [String: JSONValue] = [
            "id": 812, "state": .string(state), "accepted_at": "2026-01-01T00:00:00.000Z", "steps": .array(steps),
        ]
        return .object(members.merging(more) { _, new in new })
    }

    private func step(_ name: String, pm: Int, _ start: String, _ end: String?, _ more: [String: JSONValue] = [:])
        -> JSONValue
    {
        var members: [String: JSONValue] = [
            "name": .string(name), "pm_id": .integer(pm), "started_at": .string("2026-01-01T00:00:\(start)Z"),
        ]
        if let end { members["ended_at"] = .string("2026-01-01T00:00:\(end)Z") }
        return .object(members.merging(more) { _, new in new })
    }

    @Test("Each step is told once, with the time since the job was accepted")
    func steps() throws {
        var lines = StepLines()
        let image = step("image", pm: 3, "00.100", "00.150")
        var told = lines.lines(of: job([], state: "queued", more: ["ahead": 0]))
        told += lines.lines(of: job([image, step("disk", pm: 3, "00.150", nil)]))
        #expect(lines.lines(of: job([image, step("disk", pm: 3, "00.150", nil)])).isEmpty)
        let disk = step("disk", pm: 3, "00.150", "00.400", ["detail": "overlay"])
        told += lines.lines(of: job([image, disk, step("start", pm: 3, "00.500", "01.100")], state: "done"))
        try Golden.expect(told.map { $0.description + "\n" }.joined(), "create.steps")
    }

    @Test("A create that fails on one PM and goes on at another tells both")
    func retried() throws {
        var lines = StepLines()
        let failed = step(
            "disk",
            pm: 3,
            "00.100",
            nil,
            ["detail": "the pool is full", "undone_at": "2026-01-01T00:00:00.300Z"]
        )
        let told = lines.lines(of: job([failed, step("disk", pm: 5, "00.400", "00.500")], state: "done"))
        try Golden.expect(told.map { $0.description + "\n" }.joined(), "retried.steps")
    }

    @Test("The line that is written over says what goes on, or why the job is late")
    func present() {
        #expect(StepLines.present(job([], state: "queued", more: ["ahead": 3])) == "queued, 3 ahead")
        #expect(StepLines.present(job([step("disk", pm: 3, "00.100", nil)])) == "disk")
        #expect(
            StepLines.present(job([], state: "delayed", more: ["reason": "PM 3 is away"])) == "delayed: PM 3 is away"
        )
    }
}
