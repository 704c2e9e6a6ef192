// Lua 5.1, the version that is built into Redis; Swift sees no macros, so those that are needed are functions here.
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

// Answers a call of the script's: pushes one value; false where that value is an error to raise.
typedef bool (*hvc_lua_handler)(void *context, lua_State *lua);

// Swift's frames must not be jumped over, so an error is raised here, after Swift's function has returned.
static inline int hvc_lua_call(lua_State *lua) {
  hvc_lua_handler handler = (hvc_lua_handler)lua_touserdata(lua, lua_upvalueindex(1));
  if (handler(lua_touserdata(lua, lua_upvalueindex(2)), lua)) return 1;
  return lua_error(lua);
}

static inline void hvc_lua_push_handler(lua_State *lua, hvc_lua_handler handler, void *context) {
  lua_pushlightuserdata(lua, (void *)handler);
  lua_pushlightuserdata(lua, context);
  lua_pushcclosure(lua, hvc_lua_call, 2);
}

static inline void hvc_lua_pop(lua_State *lua, int count) { lua_settop(lua, -count - 1); }

// As Redis writes a number of Lua's, and a score: enough digits to read the same number again.
static inline int hvc_format_double(char *buffer, size_t size, double number) {
  return snprintf(buffer, size, "%.17g", number);
}
