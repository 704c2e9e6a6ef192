-- `withdraw(job, kind, state, line, vm, pm)`: takes a job that is not under way from where it stands.
--
-- The queues are gone through to the entry, which is near the end of its list where it is soon to be taken.
--
-- needs: operations, room_wait

local function withdraw(job, kind, state, line, vm, pm)
  if state == 'waiting' then
    redis.call('LREM', P .. 'vm:' .. vm .. ':waiting', 1, line)
  elseif state == 'delayed' then
    redis.call('ZREM', P .. 'delayed', job)
    if pm ~= '' then redis.call('SREM', P .. 'pm:' .. pm .. ':delayed', job) end
    local rule = redis.call('HGET', P .. 'job:' .. job, 'rule')
    if rule then redis.pcall('ZREM', P .. 'queue:deferred:' .. rule, job) end
    leave_room(job, line)
  elseif redis.call('ZREM', P .. 'queue:returned', line) == 0 then
    redis.call('LREM', P .. (takes_capacity(kind) and 'queue' or 'queue:direct'), -1, line)
  end
end
