import RedisClient
import TestKit

/// Which commands there are, and what may stand behind each.
///
/// Capitals stand for themselves, `[…]` may be left out, `{…}` stands one to three times, `|` is between choices; any other
/// word is a kind of argument.
struct CommandGrammar {
    static let rules = """
        DEL {key}
        UNLINK {key}
        EXISTS {key}
        TYPE key
        KEYS pattern
        EXPIRE key small [NX|XX|GT|LT]
        PEXPIRE key time [NX|XX|GT|LT]
        EXPIREAT key moment
        PEXPIREAT key time
        PERSIST key
        TTL key
        PTTL key
        PEXPIRETIME key
        RENAME key key
        GET key
        MGET {key}
        STRLEN key
        SET key value [NX|XX] [GET] [EX small|PX time|KEEPTTL]
        SETNX key value
        APPEND key value
        INCR key
        DECR key
        INCRBY key integer
        HSET key {field value}
        HMSET key {field value}
        HSETNX key field value
        HGET key field
        HMGET key {field}
        HGETALL key
        HKEYS key
        HVALS key
        HLEN key
        HEXISTS key field
        HSTRLEN key field
        HDEL key {field}
        HINCRBY key field integer
        LPUSH key {value}
        RPUSH key {value}
        LPUSHX key {value}
        RPUSHX key {value}
        LPOP key [small]
        RPOP key [small]
        LLEN key
        LRANGE key index index
        LINDEX key index
        LSET key index value
        LTRIM key index index
        LREM key index value
        LINSERT key BEFORE|AFTER value value
        LPOS key value [RANK index] [COUNT small] [MAXLEN small]
        RPOPLPUSH key key
        LMOVE key key LEFT|RIGHT LEFT|RIGHT
        SADD key {value}
        SREM key {value}
        SMEMBERS key
        SCARD key
        SISMEMBER key value
        SMISMEMBER key {value}
        ZADD key [NX|XX] [GT|LT] [CH] {score value}
        ZADD key [NX|XX|GT|LT] INCR score value
        ZINCRBY key score value
        ZREM key {value}
        ZREMRANGEBYSCORE key bound bound
        ZREMRANGEBYRANK key index index
        ZPOPMIN key [small]
        ZPOPMAX key [small]
        ZCARD key
        ZSCORE key value
        ZMSCORE key {value}
        ZRANK key value
        ZREVRANK key value
        ZCOUNT key bound bound
        ZRANGE key index index [REV] [WITHSCORES]
        ZRANGE key bound bound BYSCORE [REV] [LIMIT index index] [WITHSCORES]
        ZREVRANGE key index index [WITHSCORES]
        ZRANGEBYSCORE key bound bound [WITHSCORES] [LIMIT index index]
        ZREVRANGEBYSCORE key bound bound [LIMIT index index]
        XADD key [NOMKSTREAM] [MAXLEN = small|MAXLEN ~ small] * {field value}
        XADD key id {field value}
        XLEN key
        XRANGE key -|id +|id [COUNT small]
        XREVRANGE key +|id -|id [COUNT small]
        XDEL key {id}
        XTRIM key MAXLEN small
        XREAD [COUNT small] STREAMS key id
        PING
        ECHO value
        TIME
        """.split(separator: "\n").map { CommandGrammar($0) }

    /// Commands whose answers are not determined: DBSIZE counts keys whose time is over until Redis comes to delete them,
    /// a range by words has a meaning only where all scores are equal (`lexicalRanges` compares those), and what may wait
    /// would wait in the server (`blockingPops` compares the rest).
    static let undetermined: Set<String> = [
        "BLPOP", "BRPOP", "DBSIZE", "FLUSHALL", "FLUSHDB", "INFO", "HRANDFIELD", "SCAN", "SPOP", "SRANDMEMBER",
        "ZLEXCOUNT",
        "ZRANGEBYLEX", "ZREVRANGEBYLEX", "ZSCAN",
    ]

    let name: String
    private let tokens: [String]

    private init(_ rule: Substring) {
        var text = ""
        for character in rule {
            text += "[]{}|".contains(character) ? " \(character) " : String(character)
        }
        let words = text.split(separator: " ").map(String.init)
        name = words.first ?? ""
        tokens = Array(words.dropFirst())
    }

    /// A command of the rule.
    func command(_ random: inout SplitMix64) -> RedisCommand {
        var rest = tokens[...]
        var arguments: [RedisArgument] = []
        while !rest.isEmpty {
            var choices = [item(&rest, &random)]
            while rest.first == "|" {
                rest.removeFirst()
                choices.append(item(&rest, &random))
            }
            arguments += random.element(of: choices)
        }
        // Now and then one argument is missing or too many.
        if random.chance(2) { arguments = random.chance(50) ? arguments.dropLast() : arguments + [.string("1")] }
        return RedisCommand(name, arguments: arguments)
    }

    /// One word, or what a pair of brackets stands for.
    private func item(_ rest: inout ArraySlice<String>, _ random: inout SplitMix64) -> [RedisArgument] {
        switch rest.popFirst() {
        case "[":
            let optional = group(&rest, &random)
            return random.chance(40) ? optional : []
        case "{":
            let start = rest
            return (1...random.number(1...3)).flatMap { _ in
                rest = start
                return group(&rest, &random)
            }
        case let word: return word.map { [argument($0, &random)] } ?? []
        }
    }

    /// One of the choices up to the closing bracket.
    private func group(_ rest: inout ArraySlice<String>, _ random: inout SplitMix64) -> [RedisArgument] {
        var choices: [[RedisArgument]] = [[]]
        while let token = rest.first, token != "]", token != "}" {
            if token == "|" {
                rest.removeFirst()
                choices.append([])
            } else {
                choices[choices.count - 1] += item(&rest, &random)
            }
        }
        rest.removeFirst()
        return random.element(of: choices)
    }

    private func argument(_ token: String, _ random: inout SplitMix64) -> RedisArgument {
        switch token {
        case "key": .string("k\(random.number(1...7))")
        case "pattern":
            .string(random.element(of: ["*", "k?", "k[1-3]", "k[^1]", "x*", "k1", "*1", #"k\1"#, "k[", ""]))
        case "field": .string(random.element(of: ["a", "b", "c", "a longer name of a field", ""]))
        case "value": value(&random)
        case "integer":
            .string(random.element(of: ["1", "-1", "0", "7", "9223372036854775807", "1.5", "x", "007", "+1", " 1"]))
        case "small": .string(random.element(of: ["0", "1", "2", "3", "5", "-1", "x"]))
        case "index": .string(random.element(of: ["0", "1", "2", "-1", "-2", "-100", "100", "3", "x"]))
        case "score":
            .string(random.element(of: ["1", "2", "2", "-3", "1.5", "0.1", "1e20", "-inf", "inf", "x", "nan", "3000"]))
        case "bound":
            .string(random.element(of: ["-inf", "+inf", "1", "(1", "2", "(2", "1.5", "inf", "x", "(x", "-3"]))
        case "time": .string(random.element(of: ["1", "500", "3000", "60000", "0", "-1", "1000000000500", "x"]))
        case "moment": .string(random.element(of: ["1000000001", "1000000100", "1", "9223372036854775807"]))
        case "id":
            .string(
                random.element(of: [
                    "0", "0-0", "1000000000000", "5-1", "(5-1", "1000000000000-1", "x", "99999999999999-0",
                ])
            )
        default: .string(token)
        }
    }

    private func value(_ random: inout SplitMix64) -> RedisArgument {
        switch random.number(1...10) {
        case 1: .bytes([0, 255, 10, 13, 128])
        case 2: .string(String(repeating: "long ", count: random.number(1...40)))
        case 3: .string("")
        case 4...6: .integer(random.number(-3...12))
        default: .string(random.element(of: ["a", "b", "B", "c", "abc", "ä", "1.5", "-0"]))
        }
    }
}
