import EmbeddedRedis
import Foundation
import RedisClient
import Testing

/// Redis takes nothing back of a script that fails: so nothing may be written by then.
@Suite("Scripts that meet a broken record")
struct PartialWriteTests {
    /// What runs of the simulator ask their Redis: between them they bring records of every kind into every state.
    private static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6]
    /// In how many states of a run each script is tried, and how many things are broken in each, one at a time.
    private static let (states, damages) = (8, 400)

    @Test(
        "A script that fails has written nothing, whichever field or key is lost or broken",
        arguments: PartialWriteTests.seeds
    )
    func nothingIsWritten(_ seed: UInt64) async throws {
        let live = EmbeddedRedis()
        var tried: [String: Int] = [:]
        var (failures, findings) = (0, Set<String>())
        for (number, call) in await ConformanceTests.calls(of: seed).enumerated() {
            live.time = call.time
            guard case .script(let script, let keys, let arguments) = call.what else {
                if case .command(let command) = call.what { _ = live.run(command) }
                continue
            }
            // From all over the run.
            if number.isMultiple(of: 5), tried[script.name, default: 0] < Self.states {
                tried[script.name, default: 0] += 1
                let trial = Trial(of: live, at: call.time)
                for damage in trial.damages.shuffled(seed).prefix(Self.damages) {
                    guard let (text, written) = trial.run(script, keys, arguments, with: damage) else { continue }
                    failures += 1
                    if !written.isEmpty { findings.insert("\(script.name), \(damage.what): \(written); \(text)") }
                }
            }
            _ = live.run(script, keys: keys, arguments: arguments)
        }
        #expect(failures > 100 && tried.count > 10, "\(failures) \(tried)")
        #expect(findings.isEmpty, "\(findings.sorted().prefix(40).joined(separator: "\n"))")
    }
}

/// A copy of a Redis, in which one thing at a time is broken.
private struct Trial {
    /// One thing that is lost or broken.
    struct Damage {
        let what: String
        let key: String
        let commands: [RedisCommand]
    }

    private let redis = EmbeddedRedis()
    /// What writes each key as it was.
    private var writes: [String: RedisCommand] = [:]
    private(set) var damages: [Damage] = []

    init(of other: EmbeddedRedis, at time: Duration) {
        redis.time = time
        for key in (other.run(["KEYS", "*"]).strings ?? []).sorted() {
            let found = Self.contents(of: key, in: other)
            if found.command == "HSET" {
                for index in stride(from: 0, to: found.values.count, by: 2) { breakField(found.values[index], of: key) }
            }
            let words = [key] + found.values
            writes[key] = RedisCommand(found.command, arguments: words.map(\.redisArgument))
            damages.append(Damage(what: "\(key) lost", key: key, commands: [["DEL", key]]))
            damages.append(
                Damage(what: "\(key) of another type", key: key, commands: [["DEL", key], ["SET", key, "broken"]])
            )
        }
        restore(writes.keys)
    }

    private static func contents(of key: String, in redis: EmbeddedRedis) -> (command: String, values: [String]) {
        switch redis.run(["TYPE", key]).string {
        case "hash": return ("HSET", redis.run(["HGETALL", key]).strings ?? [])
        case "list": return ("RPUSH", redis.run(["LRANGE", key, "0", "-1"]).strings ?? [])
        case "set": return ("SADD", redis.run(["SMEMBERS", key]).strings ?? [])
        case "zset":
            let pairs = redis.run(["ZRANGE", key, "0", "-1", "WITHSCORES"]).strings ?? []
            return ("ZADD", pairs.indices.map { pairs[$0.isMultiple(of: 2) ? $0 + 1 : $0 - 1] })
        case "stream": return ("XADD", ["*", "type", "of before"])
        default: return ("SET", [redis.run(["GET", key]).string ?? ""])
        }
    }

    private mutating func breakField(_ field: String, of key: String) {
        damages.append(Damage(what: "\(key) without \(field)", key: key, commands: [["HDEL", key, field]]))
        damages.append(
            Damage(what: "\(key) with a broken \(field)", key: key, commands: [["HSET", key, field, "broken"]])
        )
    }

    private func restore(_ keys: some Sequence<String>) {
        for key in keys {
            _ = redis.run(["DEL", key])
            if let write = writes[key] { _ = redis.run(write) }
        }
        _ = redis.takeChangedKeys()
    }

    /// Runs a script where something is broken: its error, and what it had written by then; nil where it does not fail.
    func run(
        _ script: RedisScript,
        _ keys: [String],
        _ arguments: [RedisArgument],
        with damage: Damage
    ) -> (error: String, written: [String])? {
        for command in damage.commands { _ = redis.run(command) }
        _ = redis.takeChangedKeys()
        let reply = redis.run(script, keys: keys, arguments: arguments)
        // The key that is never there: its DEL is how a script is reported from one that only adds.
        let written = redis.takeChangedKeys().subtracting(["hvc:nothing"])
        restore(written.union([damage.key]))
        guard case .error(let text) = reply else { return nil }
        return (String(text.prefix(160)), written.sorted())
    }
}

extension Array {
    /// The elements in an order that follows from a seed.
    fileprivate func shuffled(_ seed: UInt64) -> [Element] {
        enumerated().sorted { first, second in
            func place(_ index: Int) -> UInt64 { (UInt64(index) &+ seed) &* 0x9E37_79B9_7F4A_7C15 }
            return place(first.offset) < place(second.offset)
        }
        .map(\.element)
    }
}
