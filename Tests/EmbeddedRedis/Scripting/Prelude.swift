extension LuaHost {
    /// What scripts find in Redis 7: its functions, and of Lua's own those that it lets them have.
    ///
    /// Gets `call` and `pcall`; returns the environment of scripts, the table in which to set KEYS and ARGV, and the
    /// handler of errors, which is Redis' own.
    static let prelude = #"""
        local call, pcall_command = ...
        local globals = {}
        for name in string.gmatch([[xpcall tostring getmetatable setmetatable next assert tonumber rawequal collectgarbage
          coroutine type select unpack gcinfo rawget rawset loadstring ipairs pairs error string math table
          _VERSION]], '%S+') do globals[name] = _G[name] end
        local function plain(ok, err, ...)
          if not ok and type(err) == 'table' then err = err.err end
          return ok, err, ...
        end
        globals.pcall = function(...) return plain(pcall(...)) end
        globals.cjson = require 'cjson'
        local function error_reply(...)
          local text = ...
          if select('#', ...) ~= 1 or type(text) ~= 'string' then return {err = 'ERR wrong number or type of arguments'} end
          if string.sub(text, 1, 1) == '-' then text = string.sub(text, 2) end
          return {err = string.find(text, ' ', 1, true) and text or 'ERR ' .. text}
        end
        local function status_reply(...)
          local text = ...
          if select('#', ...) ~= 1 or type(text) ~= 'string' then return {err = 'ERR wrong number or type of arguments'} end
          return {ok = text}
        end
        globals.redis = {call = call, pcall = pcall_command, error_reply = error_reply, status_reply = status_reply,
          log = function() end, replicate_commands = function() return true end, setresp = function() end,
          LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3}
        globals.server = globals.redis
        setmetatable(globals, {__index = function(_, name)
          error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
        end})
        local sandbox = setmetatable({}, {__index = globals, __newindex = function()
          error('Attempt to modify a readonly table', 2)
        end})
        globals._G = sandbox
        local getinfo = debug.getinfo
        local function handle(err)
          local level, i = 2, getinfo(2, 'nSl')
          while i and i.source ~= '@user_script' do
            level = level + 1
            i = getinfo(level, 'nSl')
          end
          if type(err) ~= 'table' then err = {err = 'ERR ' .. tostring(err)} end
          if i then err.source, err.line = i.source, i.currentline end
          return err
        end
        return sandbox, globals, handle
        """#
}
