-- `event(type, field, value, …)`: publishes to the stream, which keeps about `events_kept` entries.
--
-- constants: events_kept

local function event(kind, ...)
  redis.call('XADD', P .. 'events', 'MAXLEN', '~', events_kept, '*', 'type', kind, ...)
end
