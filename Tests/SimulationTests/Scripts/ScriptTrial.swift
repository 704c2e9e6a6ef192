import EmbeddedRedis
import RedisClient

/// A call of a script in a copy of a Redis, in which one thing at a time is broken that the script looks at.
struct ScriptTrial {
    /// One thing that is lost or broken.
    private struct Damage {
        let what: String
        let key: String
        let commands: [RedisCommand]
    }

    private let call: (script: RedisScript, keys: [String], arguments: [RedisArgument])
    private let redis = EmbeddedRedis()
    /// What writes each key as it was.
    private var writes: [String: RedisCommand] = [:]
    private var fields: [String: [String]] = [:]

    /// How many damages made the script fail, and what it had written by then.
    private(set) var failures = 0
    private(set) var findings: Set<String> = []

    init(_ script: RedisScript, _ keys: [String], _ arguments: [RedisArgument], on live: EmbeddedRedis) {
        call = (script, keys, arguments)
        redis.time = live.time
        for key in (live.run(["KEYS", "*"]).strings ?? []).sorted() {
            let (command, values) = Self.contents(of: key, in: live)
            if command == "HSET" {
                fields[key] = stride(from: 0, to: values.count, by: 2).map { values[$0] }
            }
            writes[key] = RedisCommand(command, arguments: ([key] + values).map(\.redisArgument))
        }
        restore(writes.keys)
    }

    /// Breaks one thing after another.
    ///
    /// - Parameter most: how many at most, from all over what the script looks at.
    mutating func run(most: Int) {
        let touched = redis.keysTouched { _ = perform() }.sorted()
        restore(touched)
        let damages = touched.flatMap(damages)
        let step = max(1, damages.count / most)
        for index in stride(from: 0, to: damages.count, by: step) { attempt(damages[index]) }
    }

    private mutating func attempt(_ damage: Damage) {
        for command in damage.commands { _ = redis.run(command) }
        _ = redis.takeChangedKeys()
        let reply = perform()
        // The key that is never there: its DEL tells a script from one that only adds.
        let written = redis.takeChangedKeys().subtracting(["hvc:nothing"])
        restore(written.union([damage.key]))
        guard case .error(let text) = reply else { return }
        failures += 1
        if !written.isEmpty {
            findings.insert("\(call.script.name), \(damage.what): \(written.sorted()); \(text.prefix(160))")
        }
    }

    private func perform() -> RESPValue { redis.run(call.script, keys: call.keys, arguments: call.arguments) }

    private func damages(of key: String) -> [Damage] {
        guard key != "hvc:nothing" else { return [] }
        let other: RedisCommand =
            key == "hvc:schema" || key == "hvc:gone" ? ["LPUSH", key, "x"] : ["SET", key, "broken"]
        var damages = [Damage(what: "\(key) of another type", key: key, commands: [["DEL", key], other])]
        if writes[key] != nil { damages.append(Damage(what: "\(key) lost", key: key, commands: [["DEL", key]])) }
        for field in fields[key] ?? [] {
            damages.append(Damage(what: "\(key) without \(field)", key: key, commands: [["HDEL", key, field]]))
            damages.append(
                Damage(what: "\(key) with a broken \(field)", key: key, commands: [["HSET", key, field, "broken"]])
            )
        }
        return damages
    }

    private func restore(_ keys: some Sequence<String>) {
        for key in keys {
            _ = redis.run(["DEL", key])
            if let write = writes[key] { _ = redis.run(write) }
        }
        _ = redis.takeChangedKeys()
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
}
