-- `now_ms` and `now` (ISO 8601, UTC) by the clock of Redis; `iso(ms)` as such a text; `whole(n)` a number without a
-- fraction or an exponent.
--
-- `version`: of a record that this script changes. It is the time in microseconds, which no two scripts have in common,
-- and which no Redis that went back gives twice.

local t = redis.call('TIME')
local version = t[1] .. string.format('%06d', t[2])
local now_ms = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local function whole(n) return string.format('%.0f', n) end
-- Days to a date as in H. Hinnant, "chrono-compatible low-level date algorithms": Redis' Lua has no os.date.
local function iso(ms)
  local s = math.floor(ms / 1000)
  local z = math.floor(s / 86400) + 719468
  local r = s % 86400
  local era = math.floor(z / 146097)
  local doe = z % 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local d = doy - math.floor((153 * mp + 2) / 5) + 1
  local m = mp < 10 and mp + 3 or mp - 9
  local y = yoe + era * 400 + (m <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', y, m, d,
    math.floor(r / 3600), math.floor(r / 60) % 60, r % 60, ms % 1000)
end
local now = iso(now_ms)
