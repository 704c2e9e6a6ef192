import EmbeddedRedis
import RedisClient
import Testing

/// Lua as Redis runs it: values both ways, errors, what scripts may use.
@Suite("Scripts in the embedded Redis")
struct ScriptConformanceTests {
    private static let sources = [
        // Values.
        "return 1", "return 1.9", "return -1.9", "return 1e300", "return 0/0", "return 'text'", "return ''",
        "return true",
        "return false", "return nil", "return", "return {}", "return {1, 2, {3, 'x', {}}}", "return {1, nil, 3}",
        "return {1, false, true, 4}", "return {a = 1}", "return {1, a = 2}", "return {ok = 'fine'}",
        "return {err = 'ERR bad'}", "return {err = 'bad'}", "return redis.error_reply('MY error')",
        "return redis.error_reply('ERR')", "return redis.error_reply('-CODE text')", "return redis.error_reply(1)",
        "return redis.status_reply('fine')", "return function() end", "return {function() end, 1}", "return '\\0\\255'",
        "return {KEYS[1], KEYS[2], ARGV[1], ARGV[2], #KEYS, #ARGV}", "return {type(ARGV[1]), type(KEYS[1])}",
        "return 9007199254740993", "return tostring(9007199254740993)", "return tostring(0.1)", "return tostring(1e15)",
        "return 2^53 .. ''", "return 1e14 .. ''", "return {-1 .. '', 1.5 .. '', 100 .. ''}",
        // Numbers as arguments.
        "redis.call('SET', KEYS[1], 3) return redis.call('GET', KEYS[1])",
        "redis.call('SET', KEYS[1], 0.1) return redis.call('GET', KEYS[1])",
        "redis.call('SET', KEYS[1], 1e20) return redis.call('GET', KEYS[1])",
        "redis.call('SET', KEYS[1], 2^53) return redis.call('GET', KEYS[1])",
        "redis.call('SET', KEYS[1], -0.5) return redis.call('GET', KEYS[1])",
        "redis.call('SET', KEYS[1], 1/0) return redis.call('GET', KEYS[1])",
        "return redis.call('INCRBY', KEYS[1], 5)", "return redis.call('INCRBY', KEYS[1], 5) + 1",
        "return redis.call('SET', KEYS[1], true)", "return redis.call('SET', KEYS[1], {})", "return redis.call()",
        "return redis.pcall('SET', KEYS[1], nil)", "return redis.call(1)",
        // Replies as values.
        "return type(redis.call('GET', 'none'))", "return type(redis.call('HGETALL', 'none'))",
        "return redis.call('SET', KEYS[1], 'x').ok", "return type(redis.call('INCR', KEYS[1]))",
        "return redis.call('LPOP', 'none', 2) == false", "return type(redis.call('XRANGE', 's', '-', '+', 'COUNT', 0))",
        "return redis.call('HMGET', 'none', 'a', 'b')", "return #redis.call('HMGET', 'none', 'a', 'b')",
        "redis.call('ZADD', KEYS[1], 0.1, 'm') return redis.call('ZSCORE', KEYS[1], 'm')",
        "redis.call('HSET', KEYS[1], 'a', '') return redis.call('HGET', KEYS[1], 'a') == ''",
        "local r = redis.call('TIME') return {type(r[1]), r[1], r[2]}",
        // Errors.
        "redis.call('LPUSH', KEYS[1], 1) return redis.call('GET', KEYS[1])",
        "redis.call('LPUSH', KEYS[1], 1) return redis.pcall('GET', KEYS[1])",
        "redis.call('LPUSH', KEYS[1], 1) return redis.pcall('GET', KEYS[1]).err",
        "redis.call('LPUSH', KEYS[1], 1) local ok, e = pcall(redis.call, 'GET', KEYS[1]) return {tostring(ok), e.err}",
        "redis.call('SET', KEYS[1], 1)\n\nerror('MALFORMED something', 0)", "error('at a place')",
        "error({err = 'MINE x'})",
        "error()", "error(nil)", "local t = nil\nreturn t.x", "return 1 + {}", "return undefined",
        "undefined = 1", "x()", "return redis.call('NOSUCH')", "return redis.pcall('NOSUCH').err",
        "return redis.call('GET')", "return redis.pcall('GET').err", "return redis.call('GET', 'a', 'b')", "return (",
        "return unpack({})", "return {unpack({1, 2, 3})}",
        "local t = {} for i = 1, 9000 do t[i] = i end return #{unpack(t)}",
        "local t = {} for i = 1, 7000 do t[i] = i end return #{unpack(t)}",
        "return redis.pcall('INCR', KEYS[1]) + redis.pcall('INCR', KEYS[1])",
        "local function f() error('deep', 0) end\nf()", "return string.rep('x', 300)",
        // What there is.
        "return type(os)", "return type(io)", "return type(require)", "return type(print)",
        "return type(string.format)", "return type(loadstring)",
        "return string.format('%.0f %5d %s %q', 2^53, 3, 'x', 'y')",
        "return tonumber('0x10')", "return tonumber('') == nil", "return tonumber(' 5 ')",
        "return tonumber('5x') == nil",
        "return {math.floor(-1.5), math.max(1, 2), math.min(3, 4)}", "return table.concat({1, 2.5, 'x'}, ',')",
        "local t = {3, 1, 2} table.sort(t) return t", "return select('#', nil, nil)",
        "return string.match('a:12:b', '%d+')",
        "local n = {} for a, b in string.gmatch('a=1,b=2', '([^,=]+)=([^,=]+)') do n[#n + 1] = a .. b end return n",
        // JSON.
        "return cjson.encode({a = 1})", "return cjson.encode({1, 2.5, 'x', true})", "return cjson.encode({})",
        "return cjson.encode('a\\n\"/\\1')", "return cjson.encode(0.1)", "return cjson.encode(1e20)",
        "return cjson.encode(123456789012345)", "return cjson.encode({[1] = 1, [3] = 3})",
        "return cjson.encode({[1000] = 1})",
        "return cjson.decode('{\"a\":[1,2.5,\"x\",null,true]}').a", "return cjson.decode('[]')",
        "return cjson.decode('{')",
        "return tostring(cjson.decode('[null]')[1] == cjson.null)", "return cjson.encode(cjson.decode('{\"a\":{}}'))",
        "return cjson.encode({a = 1/0})",
    ]

    @Test("They answer as in Redis, and leave the same keys")
    func agreement() async throws {
        try await RedisPair.with { pair in
            for (number, source) in Self.sources.enumerated() {
                try await pair.flush()
                let script = RedisScript(name: "case-\(number)", source: source)
                let (real, embedded) = try await pair.run(
                    script,
                    keys: ["k1", "k2"],
                    arguments: [.string("a"), .integer(2)]
                )
                #expect(embedded == real, "\(source)")
                let (there, here) = try await pair.contents()
                #expect(here == there, "\(source)")
            }
        }
    }

    @Test("A script stops what it does at an error, and what it wrote before stays")
    func partialWrites() {
        let redis = EmbeddedRedis()
        let script = RedisScript(
            name: "partial",
            source: "redis.call('SET', 'a', 1) redis.call('LPUSH', 'a', 1) redis.call('SET', 'b', 1)"
        )
        #expect(redis.run(script, keys: [], arguments: []).redisError?.code == .wrongType)
        #expect(redis.run(["KEYS", "*"]).strings == ["a"])
    }

    @Test("Hundreds of thousands of commands a second go through a script")
    func speed() {
        let redis = EmbeddedRedis()
        let script = RedisScript(
            name: "speed",
            source: """
                for i = 1, 20000 do
                  redis.call('HSET', 'hvc:vm:' .. i % 100, 'state', 'running', 'cpu', i)
                  local v = redis.call('HMGET', 'hvc:vm:' .. i % 100, 'state', 'cpu', 'none')
                  redis.call('ZADD', 'hvc:leases', v[2], i % 100)
                end
                """
        )
        let start = ContinuousClock.now
        _ = redis.run(script, keys: [], arguments: [])
        // Several times that where the machine has time for it.
        #expect(60_000 / ((ContinuousClock.now - start) / .seconds(1)) > 50_000)
    }
}
