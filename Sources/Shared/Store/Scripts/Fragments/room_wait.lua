-- The creates that wait for room: those that may wait, and for which no PM had room when their turn came.
--
-- They are `delayed` until their deadline, at which the sweep brings them back for the last decision. `hvc:queue:room` has them
-- by number. `hvc:queue:room:asks` has what they ask for, as their entries say it, with the version of headroom as of which
-- no PM had room for that. `hvc:queue:room:index` has each of these texts with the number of each job that asks so: the
-- oldest of each are found in one read, however many wait. The field `room_asked` of the counters is there while any wait:
-- the version as of which all of them were considered.
--
-- `may_wait_for_room(job, code)`: whether a job that no PM takes for this reason waits; `broken_room()`: what is broken of the
-- keys; `wait_for_room(job, vm, line, room, why)`: has it wait, where it stands nowhere; `waits_for_room(job)`: whether it does,
-- and nothing is broken of that; `leave_room(job, line)`: it does not any more, or never did.
--
-- `note_full(line, room)`: no PM had room for what an entry asks for, as of a version; `note_asked(room)`: says so of all, where
-- it is true.
--
-- needs: broken_records, events, time

local function broken_room() return wrong_kind('delayed', 'queue:room', 'queue:room:asks', 'queue:room:index') end
local function asked_in(line) return string.match(line, '"vm":%d+,(.*)$') or line end
local function room_word(line, job) return asked_in(line) .. string.format('\n%015d', job) end
local function may_wait_for_room(job, code)
  if code ~= 'no_capacity' and code ~= 'no_machine' then return false end
  local room_until = redis.call('HGET', P .. 'job:' .. job, 'room_until')
  return room_until and is_whole(room_until) and tonumber(room_until) > now_ms
end
local function note_full(line, room)
  if redis.call('ZSCORE', P .. 'queue:room:asks', asked_in(line)) then
    redis.call('ZADD', P .. 'queue:room:asks', room, asked_in(line))
  end
end
local function note_asked(room)
  if redis.call('EXISTS', P .. 'queue:room') == 0 then return redis.call('HDEL', P .. 'counters', 'room_asked') end
  if #redis.call('ZRANGEBYSCORE', P .. 'queue:room:asks', '-inf', '(' .. room, 'LIMIT', 0, 1) == 0 then
    redis.call('HSET', P .. 'counters', 'room_asked', room)
  end
end
local function wait_for_room(job, vm, line, room, why)
  local key = P .. 'job:' .. job
  redis.call('HSET', key, 'state', 'delayed', 'put_off', why)
  redis.call('ZADD', P .. 'delayed', redis.call('HGET', key, 'room_until'), job)
  redis.call('ZADD', P .. 'queue:room', job, job)
  redis.call('ZADD', P .. 'queue:room:index', 0, room_word(line, job))
  redis.call('ZADD', P .. 'queue:room:asks', room, asked_in(line))
  redis.call('HSETNX', P .. 'counters', 'room_asked', room)
  event('job.delayed', 'job', job, 'kind', 'create', 'vm', vm, 'pm', '', 'why', why)
end
local function waits_for_room(job)
  return not (broken_room() or broken_job(job)) and redis.call('ZSCORE', P .. 'queue:room', job)
end
-- Keys of another type stop no job that comes back (pcall): the index is read with care.
local function leave_room(job, line)
  if redis.pcall('ZREM', P .. 'queue:room', job) ~= 1 then return end
  local index, asked = P .. 'queue:room:index', asked_in(line)
  redis.pcall('ZREM', index, room_word(line, job))
  if redis.pcall('ZLEXCOUNT', index, '[' .. asked .. '\n', '(' .. asked .. '\v') == 0 then
    redis.pcall('ZREM', P .. 'queue:room:asks', asked)
  end
  if redis.call('EXISTS', P .. 'queue:room') == 0 then redis.pcall('HDEL', P .. 'counters', 'room_asked') end
end
