import Foundation
import RedisClient
import TestKit
import Testing

@testable import EmbeddedRedis

/// What makes the embedded Redis trustworthy: it does what Redis does.
@Suite("Commands of the embedded Redis")
struct CommandConformanceTests {
    private static let sequences = 12
    private static let length = 700
    /// Answers whose order Redis does not determine.
    private static let unordered: Set<String> = ["KEYS", "SMEMBERS"]
    private static let script = RedisScript(name: "any", source: "return redis.call(unpack(ARGV))")
    private static let safeScript = RedisScript(
        name: "any-safe",
        source: "local r = redis.pcall(unpack(ARGV)) return type(r) == 'table' and r.err and 'refused: ' .. r.err or r"
    )

    @Test("Each command is compared")
    func coverage() {
        let compared = Set(CommandGrammar.rules.map(\.name))
        #expect(compared.union(CommandGrammar.undetermined) == Set(Command.all.keys.map(\.text)))
        #expect(compared.isDisjoint(with: CommandGrammar.undetermined))
    }

    @Test("Each command that the store sends is there")
    func usedCommands() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.appending(path: "Sources/Shared/Store")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var names: Set<String> = []
        for case let file as URL in files ?? .init() where ["lua", "swift"].contains(file.pathExtension) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /redis\.p?call\('([A-Z]+)'|send\(\["([A-Z]+)"/) {
                if let name = match.output.1 ?? match.output.2 { names.insert(String(name)) }
            }
        }
        #expect(names.count > 30)
        #expect(names.filter { Command.named(Bytes($0)) == nil } == [])
    }

    @Test("Random commands have the same answers and leave the same keys, sent alone or by a script")
    func sequences() async throws {
        try await RedisPair.with { pair in
            for seed in 1...Self.sequences {
                if let difference = try await compare(pair, UInt64(seed)) {
                    Issue.record("sequence \(seed): \(difference)")
                }
            }
        }
    }

    /// Runs one sequence through both, to its end or to the first difference.
    private func compare(_ pair: RedisPair, _ seed: UInt64) async throws -> String? {
        try await pair.flush()
        var random = SplitMix64(seed: seed)
        // A sequence about few commands comes further with them.
        let rules = (1...15).map { _ in random.element(of: CommandGrammar.rules) }
        var done: [RedisCommand] = []
        for number in 1...Self.length {
            let rule = random.chance(50) ? random.element(of: rules) : random.element(of: CommandGrammar.rules)
            let command = rule.command(&random)
            done.append(command)
            let words = [.string(command.name)] + command.arguments
            let answers =
                switch random.number(1...4) {
                case 1: try await pair.run(Self.script, arguments: words)
                case 2: try await pair.run(Self.safeScript, arguments: words)
                default: try await pair.run(command)
                }
            let isUnordered = Self.unordered.contains(command.name)
            let (real, embedded) = isUnordered ? (answers.real.sorted, answers.embedded.sorted) : answers
            guard real == embedded else {
                return "\(Self.text(command))\nRedis: \(real)\nhere: \(embedded)\n\(Self.last(done))"
            }
            if number.isMultiple(of: 25) || number == Self.length {
                let (there, here) = try await pair.contents()
                guard there == here else { return "Redis has\n\(there)\nhere are\n\(here)\n\(Self.last(done))" }
            }
            if random.chance(10) { try pair.wait(.milliseconds(random.number(1...2_000))) }
        }
        return nil
    }

    private static func last(_ done: [RedisCommand]) -> String {
        "after\n" + done.suffix(12).map(text).joined(separator: "\n")
    }

    private static func text(_ command: RedisCommand) -> String {
        command.name + command.arguments.map { " '\($0.text)'" }.joined()
    }

    @Test("Ranges by words are those of Redis where all scores are equal")
    func lexicalRanges() async throws {
        try await RedisPair.with { pair in
            var random = SplitMix64(seed: 1)
            let letters = ["", "a", "ab", "b", "b\n", "b\u{0B}", "c", "ca"]
            for letter in letters { _ = try await pair.run(["ZADD", "z", "0", letter]) }
            _ = try await pair.run(["SET", "s", "x"])
            for _ in 1...2_000 {
                func bound() -> String {
                    switch random.number(1...6) {
                    case 1: "-"
                    case 2: "+"
                    case 3: random.element(of: ["a", "", "(", "["])
                    case 4: "(" + random.element(of: letters)
                    default: "[" + random.element(of: letters)
                    }
                }
                let name = random.element(of: ["ZLEXCOUNT", "ZRANGEBYLEX", "ZREVRANGEBYLEX"])
                var words = [random.element(of: ["z", "z", "z", "none", "s"]), bound(), bound()]
                if name != "ZLEXCOUNT", random.chance(50) {
                    words += ["LIMIT", "\(random.number(-1...4))", "\(random.number(-1...4))"]
                }
                let command = RedisCommand(name, arguments: words.map(\.redisArgument))
                let answers = try await pair.run(command)
                #expect(answers.real == answers.embedded, "\(Self.text(command))")
            }
        }
    }

    @Test("What may wait takes from the first list that is there, and waits for nothing here")
    func blockingPops() async throws {
        try await RedisPair.with { pair in
            _ = try await pair.run(["RPUSH", "l", "a", "b", "c", "d"])
            _ = try await pair.run(["SET", "s", "x"])
            let commands: [RedisCommand] = [
                ["BLPOP", "none", "l", "5"], ["BRPOP", "l", "none", "0.5"], ["BLPOP", "s", "l", "1"],
                ["BLPOP", "l", "s", "1"], ["BRPOP", "l", "x"], ["BLPOP", "l", "-1"], ["BLPOP", "l"],
            ]
            for command in commands {
                let answers = try await pair.run(command)
                #expect(answers.real == answers.embedded, "\(Self.text(command))")
            }
            let (there, here) = try await pair.contents()
            #expect(there == here)
        }
        #expect(EmbeddedRedis().run(["BLPOP", "none", "0"]) == .null)
    }

    @Test("A set gives one of its members")
    func randomMembers() {
        let redis = EmbeddedRedis()
        #expect(redis.run(["SRANDMEMBER", "s"]) == .null)
        _ = redis.run(["SADD", "s", "a", "b", "c"])
        let drawn = Set((1...50).compactMap { _ in redis.run(["SRANDMEMBER", "s"]).string })
        #expect(drawn == ["a", "b", "c"])
        #expect(Set(redis.run(["SRANDMEMBER", "s", "5"]).strings ?? []) == ["a", "b", "c"])
        #expect(redis.run(["SRANDMEMBER", "s", "-5"]).array?.count == 5)
        #expect(["a", "b", "c"].contains(redis.run(["SPOP", "s"]).string))
        #expect(redis.run(["SCARD", "s"]) == .integer(2))
    }

    @Test("A hash gives one of its fields")
    func randomFields() {
        let redis = EmbeddedRedis()
        #expect(redis.run(["HRANDFIELD", "h"]) == .null)
        _ = redis.run(["HSET", "h", "a", "1", "b", "2"])
        #expect(Set((1...50).compactMap { _ in redis.run(["HRANDFIELD", "h"]).string }) == ["a", "b"])
    }

    @Test("ZSCAN finds all members with their scores")
    func sortedScan() {
        let redis = EmbeddedRedis()
        _ = redis.run(["ZADD", "z", "2", "b", "1", "a"])
        let all = redis.run(["ZSCAN", "z", "0", "COUNT", "10"]).array
        #expect(all?.first?.string == "0" && all?.last?.strings == ["a", "1", "b", "2"])
    }

    @Test("SCAN finds what KEYS finds")
    func scan() {
        let redis = EmbeddedRedis()
        for key in ["a1", "a2", "b1"] { _ = redis.run(["SET", key, "x"]) }
        _ = redis.run(["HSET", "a3", "f", "v"])
        let all = redis.run(["SCAN", "0", "MATCH", "a*", "COUNT", "10", "TYPE", "string"]).array
        #expect(all?.first?.string == "0")
        #expect(all?.last?.strings == ["a1", "a2"])
    }
}
