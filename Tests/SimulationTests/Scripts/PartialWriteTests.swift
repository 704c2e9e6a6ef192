import EmbeddedRedis
import RedisClient
import Testing

@testable import Store

/// Redis takes nothing back of a script that fails: so nothing may be written by then.
@Suite("Scripts that meet a broken record")
struct PartialWriteTests {
    /// What runs of the simulator ask their Redis: between them they bring records of every kind into every state.
    private static let seeds: [UInt64] = [1, 2, 3, 4]
    /// In how many states of a run each script is tried, and how many things are broken in each at most.
    private static let (states, damages) = (6, 400)
    /// Scripts that need no trial, since they only read.
    private static let readers: Set<String> = ["find_vms", "read_events"]

    @Test(
        "A script that a run calls and that fails has written nothing, whichever field or key is lost or broken",
        arguments: PartialWriteTests.seeds
    )
    func calledByRuns(_ seed: UInt64) async throws {
        let live = EmbeddedRedis()
        var tried: [String: Int] = [:]
        var (failures, findings) = (0, Set<String>())
        for (number, call) in await ConformanceTests.calls(of: seed).enumerated() {
            live.time = call.time
            guard case .script(let script, let keys, let arguments) = call.what else {
                if case .command(let command) = call.what { _ = live.run(command) }
                continue
            }
            // From all over the run; what is called seldom, each time.
            let known = tried[script.name, default: 0]
            if known < Self.states, known < 2 || number.isMultiple(of: 5) {
                tried[script.name] = known + 1
                var trial = ScriptTrial(script, keys, arguments, on: live)
                trial.run(most: Self.damages)
                failures += trial.failures
                findings.formUnion(trial.findings)
            }
            _ = live.run(script, keys: keys, arguments: arguments)
        }
        #expect(failures > 100 && tried.count > 10, "\(failures) \(tried)")
        #expect(findings.isEmpty, "\(findings.sorted().prefix(40).joined(separator: "\n"))")
    }

    @Test("So has every other script, each called where it has something to do")
    func allOthers() async throws {
        let redis = TrialRedis()
        try await EveryScript(redis: redis).call()
        let missing = Set(StoreScript.all.map(\.script.name)).subtracting(redis.tried).subtracting(Self.readers)
        #expect(missing.isEmpty, "never called: \(missing.sorted())")
        let findings = redis.findings.sorted()
        #expect(findings.isEmpty, "\(findings.prefix(40).joined(separator: "\n"))")
    }
}
