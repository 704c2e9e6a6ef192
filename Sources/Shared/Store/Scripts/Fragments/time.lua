-- `now_ms` and `now` (ISO 8601, UTC) by the clock of Redis; `iso(ms)` as such a text; `whole(n)` a number without a
-- fraction or an exponent.
--
-- `version`: of a record that this script changes. It is the time in microseconds, which no two scripts have in common,
-- and which no Redis that went back gives twice.

local t = redis.call('TIME')
local version = t[1] .. string.format('%06d', t[2])
local now_ms = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local function whole(n) return string.format('%d', n) end
-- Days to a date as in H. Hinnant, "chrono-compatible low-level date algorithms": Redis' Lua has no os.date. Each number is
-- divided without its rest, which costs a third of a call of `math.floor`.
local function iso(ms)
  local s = (ms - ms % 1000) / 1000
  local r = s % 86400
  local z = (s - r) / 86400 + 719468
  local doe = z % 146097
  local era = (z - doe) / 146097
  local days = doe - (doe - doe % 1460) / 1460 + (doe - doe % 36524) / 36524 - (doe - doe % 146096) / 146096
  local yoe = (days - days % 365) / 365
  local doy = doe - (365 * yoe + (yoe - yoe % 4) / 4 - (yoe - yoe % 100) / 100)
  local fifth = 5 * doy + 2
  local mp = (fifth - fifth % 153) / 153
  local first = 153 * mp + 2
  local d = doy - (first - first % 5) / 5 + 1
  local m = mp < 10 and mp + 3 or mp - 9
  local y = yoe + era * 400 + (m <= 2 and 1 or 0)
  local minutes = (r - r % 60) / 60
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', y, m, d, (minutes - minutes % 60) / 60, minutes % 60, r % 60,
    ms % 1000)
end
local now = iso(now_ms)
