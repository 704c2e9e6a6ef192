-- Brings creates that waited for room back to their places in the queue, and notes for what else no PM has room.
--
-- ARGV room    the version of headroom that this was decided by
-- ARGV jobs... for each job two: job, `wake` or `full`
-- Returns: how many came back.
--
-- needs: broken_records, deferral, room_wait

refuse(broken_room() or wrong_kind('queue:returned', 'events') or broken_counters())
for i = jobs, #ARGV, 2 do refuse(broken_job(ARGV[i])) end
local count = 0
for i = jobs, #ARGV, 2 do
  local job = ARGV[i]
  local j = redis.call('HMGET', P .. 'job:' .. job, 'state', 'entry', 'vm')
  if j[1] == 'delayed' and j[2] and j[3] and redis.call('ZSCORE', P .. 'queue:room', job) then
    if ARGV[i + 1] == 'full' then
      note_full(j[2], room)
    else
      promote(job, 'room was freed')
      count = count + 1
    end
  end
end
note_asked(room)
return count
