import CLua
import NIOConcurrencyHelpers

/// A state of Lua in which scripts run as in Redis 7; one script at a time.
///
/// Sendable since it has one owner at a time, who takes it and gives it back under a lock.
@safe
final class LuaHost: @unchecked Sendable {
    /// What the script that runs works on.
    private var keyspace = Keyspace()
    private let lua: OpaquePointer
    /// The registry's references to the environment of scripts, the table of their globals, the handler of errors.
    private var sandbox: Int32 = 0
    private var globals: Int32 = 0
    private var handler: Int32 = 0
    /// Scripts by their names; a name may stand for several, as where a test changes one.
    private var compiled: [String: [(source: String, reference: Int32)]] = [:]

    init() {
        guard let lua = unsafe luaL_newstate() else { preconditionFailure("there is no memory for Lua") }
        unsafe self.lua = lua
        unsafe luaL_openlibs(lua)
        prepare()
    }

    deinit {
        unsafe lua_close(lua)
    }

    private func prepare() {
        let host = unsafe Unmanaged.passUnretained(self).toOpaque()
        let status = unsafe luaL_loadstring(lua, Self.prelude)
        unsafe hvc_lua_push_handler(lua, { unsafe LuaHost.answer($0, $1, raises: true) }, host)
        unsafe hvc_lua_push_handler(lua, { unsafe LuaHost.answer($0, $1, raises: false) }, host)
        guard status == 0, unsafe lua_pcall(lua, 2, 3, 0) == 0 else {
            preconditionFailure("the scripts' environment: \(text(at: -1) ?? "no reason"); is lua-cjson installed?")
        }
        handler = unsafe luaL_ref(lua, LUA_REGISTRYINDEX)
        globals = unsafe luaL_ref(lua, LUA_REGISTRYINDEX)
        sandbox = unsafe luaL_ref(lua, LUA_REGISTRYINDEX)
    }

    /// Runs a script.
    func run(name: String, source: String, keys: [Bytes], arguments: [Bytes], on keyspace: Keyspace) -> Reply {
        self.keyspace = keyspace
        defer { unsafe lua_settop(lua, 0) }
        unsafe lua_rawgeti(lua, LUA_REGISTRYINDEX, handler)
        let function: Int32
        switch compile(name, source) {
        case .success(let reference): function = reference
        case .failure(let error): return .error(error.text)
        }
        unsafe lua_rawgeti(lua, LUA_REGISTRYINDEX, globals)
        push(keys)
        unsafe lua_setfield(lua, -2, "KEYS")
        push(arguments)
        unsafe lua_setfield(lua, -2, "ARGV")
        unsafe hvc_lua_pop(lua, 1)
        unsafe lua_rawgeti(lua, LUA_REGISTRYINDEX, function)
        guard unsafe lua_pcall(lua, 0, 1, 1) == 0 else { return .error(raised(by: name)) }
        return reply(at: -1)
    }

    private func compile(_ name: String, _ source: String) -> Result<Int32, CommandError> {
        if let known = compiled[name]?.first(where: { $0.source == source }) { return .success(known.reference) }
        // Redis reads the flags in the first line itself; a comment keeps the numbers of the lines.
        let code = source.hasPrefix("#!") ? "--" + source : source
        guard unsafe luaL_loadbuffer(lua, code, code.utf8.count, "@user_script") == 0 else {
            return .failure(
                CommandError("ERR Error compiling script (new function): \(text(at: -1) ?? "")")
            )
        }
        unsafe lua_rawgeti(lua, LUA_REGISTRYINDEX, sandbox)
        unsafe lua_setfenv(lua, -2)
        let reference = unsafe luaL_ref(lua, LUA_REGISTRYINDEX)
        compiled[name, default: []].append((source, reference))
        return .success(reference)
    }

    /// The text of the error that ended a script, as Redis puts it.
    private func raised(by name: String) -> String {
        guard unsafe lua_type(lua, -1) == LUA_TTABLE else { return "ERR \(text(at: -1) ?? "execution failure")" }
        let message = field("err") ?? "ERR unknown error"
        guard let source = field("source"), let line = field("line") else { return message }
        return "\(message) script: \(name), on \(source):\(line)."
    }

    // MARK: - Commands

    /// What `redis.call` and `redis.pcall` do.
    private static func answer(_ host: UnsafeMutableRawPointer?, _ lua: OpaquePointer?, raises: Bool) -> Bool {
        guard let host = unsafe host else { return false }
        return unsafe Unmanaged<LuaHost>.fromOpaque(host).takeUnretainedValue().answer(raises: raises)
    }

    private func answer(raises: Bool) -> Bool {
        let reply = runCommand()
        push(reply)
        if raises, case .error = reply { return false }
        return true
    }

    private func runCommand() -> Reply {
        let count = unsafe lua_gettop(lua)
        guard count > 0 else { return .error("ERR Please specify at least one argument for this redis lib call") }
        var words: [Bytes] = []
        words.reserveCapacity(Int(count))
        for index in 1...count {
            switch unsafe lua_type(lua, index) {
            case LUA_TSTRING: words.append(bytes(at: index))
            case LUA_TNUMBER:
                let number = unsafe lua_tonumber(lua, index)
                words.append(Int(exactly: number).map { Bytes($0) } ?? Bytes(formatted: number))
            default: return .error("ERR Lua redis lib command arguments must be strings or integers")
            }
        }
        guard let command = Command.named(words[0]) else {
            return .error("ERR Unknown Redis command called from script")
        }
        guard command.takes(words.count) else {
            return .error("ERR Wrong number of args calling Redis command from script")
        }
        return keyspace.run(command, words)
    }

    // MARK: - Values for Lua

    private func push(_ words: [Bytes]) {
        unsafe lua_createtable(lua, Int32(words.count), 0)
        for (index, word) in words.enumerated() {
            push(word)
            unsafe lua_rawseti(lua, -2, Int32(index + 1))
        }
    }

    private func push(_ bytes: Bytes) {
        unsafe bytes.storage.withUnsafeBytes { buffer in
            unsafe lua_pushlstring(lua, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        }
    }

    private func push(_ reply: Reply) {
        // Room for one value more on the way to each of the nested ones.
        unsafe luaL_checkstack(lua, 4, "a reply is nested too deeply")
        switch reply {
        case .status(let text): pushTable("ok", text)
        case .error(let text): pushTable("err", text)
        case .integer(let number): unsafe lua_pushnumber(lua, Double(number))
        case .bulk(let bytes): push(bytes)
        case .null: unsafe lua_pushboolean(lua, 0)
        case .array(let elements):
            unsafe lua_createtable(lua, Int32(elements.count), 0)
            for (index, element) in elements.enumerated() {
                push(element)
                unsafe lua_rawseti(lua, -2, Int32(index + 1))
            }
        }
    }

    private func pushTable(_ field: String, _ text: String) {
        unsafe lua_createtable(lua, 0, 1)
        push(Bytes(text))
        unsafe lua_setfield(lua, -2, field)
    }

    // MARK: - Values of Lua

    private func bytes(at index: Int32) -> Bytes {
        var count = 0
        guard let start = unsafe lua_tolstring(lua, index, &count) else { return "" }
        return unsafe Bytes(Array(UnsafeRawBufferPointer(start: start, count: count)))
    }

    private func text(at index: Int32) -> String? {
        unsafe lua_type(lua, index) == LUA_TSTRING || lua_type(lua, index) == LUA_TNUMBER ? bytes(at: index).text : nil
    }

    /// The text under a field of the table on top; nil where there is none.
    private func field(_ name: String) -> String? {
        push(Bytes(name))
        unsafe lua_rawget(lua, -2)
        defer { unsafe hvc_lua_pop(lua, 1) }
        return text(at: -1)
    }

    /// What a script returned, as the reply that Redis makes of it.
    private func reply(at index: Int32) -> Reply {
        switch unsafe lua_type(lua, index) {
        case LUA_TSTRING: return .bulk(bytes(at: index))
        case LUA_TNUMBER:
            let number = unsafe lua_tonumber(lua, index)
            return .integer(abs(number) < 9.2e18 ? Int(number) : .min)
        case LUA_TBOOLEAN: return unsafe lua_toboolean(lua, index) == 1 ? .integer(1) : .null
        case LUA_TTABLE: return table()
        default: return .null
        }
    }

    /// The table on top, as a reply: an error, a status, or the elements before the first nil.
    private func table() -> Reply {
        if let error = field("err") { return .error(error) }
        if let status = field("ok") { return .status(status) }
        guard unsafe lua_checkstack(lua, 4) == 1 else { return .error("ERR reached lua stack limit") }
        var elements: [Reply] = []
        while true {
            unsafe lua_rawgeti(lua, -1, Int32(elements.count + 1))
            defer { unsafe hvc_lua_pop(lua, 1) }
            guard unsafe lua_type(lua, -1) != LUA_TNIL else { return .array(elements) }
            elements.append(reply(at: -1))
        }
    }
}

extension LuaHost {
    /// Hosts that nobody uses: to make one and to compile the scripts takes longer than a short test.
    private static let idle = NIOLockedValueBox([LuaHost]())

    /// A host of one's own, until it is given back.
    static func take() -> LuaHost { idle.withLockedValue { $0.popLast() } ?? LuaHost() }

    func giveBack() {
        keyspace = Keyspace()
        Self.idle.withLockedValue { $0.append(self) }
    }
}
