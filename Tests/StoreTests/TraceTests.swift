import Model
import Testing

@testable import Store

@Suite("Traces")
struct TraceTests {
    /// A job that was accepted and ended at so many seconds.
    private func job(_ id: Int, _ kind: String, vm: Int, at accepted: Int, _ fields: [Int: String] = [:]) throws
        -> Trace.Job
    {
        var values: [String?] = ["\(kind) \(id)", kind, "\(vm)", "done", time(accepted), time(accepted), nil]
        for (index, value) in fields { values[index] = value }
        return try #require(Trace.Job(id: try id.identifier(), values: values))
    }

    private func time(_ seconds: Int) -> String {
        "1970-01-01T00:" + (seconds < 600 ? "0" : "") + "\(seconds / 60):" + (seconds % 60 < 10 ? "0" : "")
            + "\(seconds % 60).000Z"
    }

    @Test("A hold that nobody built or gave back ends when its time is over")
    func holds() throws {
        let jobs = [
            try job(1, "hold", vm: 1, at: 0, [6: "10"]), try job(2, "hold", vm: 2, at: 1, [6: "10"]),
            try job(3, "create", vm: 1, at: 5), try job(4, "create", vm: 3, at: 20),
            try job(5, "hold", vm: 4, at: 21, [6: "99"]),
        ]
        let lines = Trace.lines(of: jobs.reversed(), now: 60_000)
        #expect(lines == ["hold 1", "hold 2", "create 3", #"{"kind":"gone","vm":2}"#, "create 4", "hold 5"])
    }

    @Test(
        "What failed or was refused has its end, a hold after its time: where there is headroom it would stay for ever"
    )
    func failures() throws {
        let failed = [3: "failed", 5: time(3)]
        let jobs = [
            try job(1, "create", vm: 1, at: 0, failed), try job(2, "create", vm: 2, at: 1),
            try job(3, "hold", vm: 3, at: 2, [3: "failed", 6: "20"]), try job(4, "create", vm: 4, at: 9),
            try job(5, "create", vm: 5, at: 30),
        ]
        let gone = try [1, 3].map { Trace.gone(try $0.identifier()) }
        let lines = ["create 1", "create 2", "hold 3", gone[0], "create 4", gone[1], "create 5"]
        #expect(Trace.lines(of: jobs, now: 60_000) == lines)
    }
}
