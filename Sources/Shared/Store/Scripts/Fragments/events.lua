-- `event(type, field, value, …)`: publishes to the stream, which keeps about 10,000 entries.

local function event(kind, ...)
  redis.call('XADD', P .. 'events', 'MAXLEN', '~', 10000, '*', 'type', kind, ...)
end
