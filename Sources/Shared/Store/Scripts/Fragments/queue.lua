-- The queue, in two lists: what is to take capacity goes in strict order, and all else waits for none of that.
--
-- `hvc:queue` has what is to take capacity, newest left; `hvc:queue:returned` has, by the jobs' numbers, what came back to
-- it. The next entry is the lower one of both, so that an entry comes back to its place at the same cost however long the
-- queue is. `hvc:queue:direct` has all other entries, newest left; one that comes back goes to its right end, since the
-- order of each VM's jobs is kept by `hvc:vm:<id>:waiting` alone.
--
-- `job_in(line)`: the number of an entry's job as text, nil where it is none of ours; `comes_before(back, line)`: whether an
-- entry that came back is taken before one of the list.
--
-- `next_entry(count)`: the next entry that is to take capacity, and whether it stands among those that came back; where so many
-- are to be taken they are read at once. `note_taken(is_back)`: says that it was taken.
--
-- `push(line, kind)`: puts a new entry to the end of its list; `put_back(line, job)`: one that was taken to its place.
--
-- needs: operations

local function job_in(line) return string.match(line, '"job":(%d+)') end
local function comes_before(back, line)
  local job = job_in(line)
  return not job or tonumber(job_in(back) or 0) < tonumber(job)
end
-- The next ones of the list, the next one last; the first that came back, read anew after each change.
local ahead, returned = {}, nil
local function next_entry(count)
  if #ahead == 0 then ahead = redis.call('LRANGE', P .. 'queue', -(count or 1), '-1') end
  returned = returned or redis.call('ZRANGE', P .. 'queue:returned', '0', '0')
  local line, back = ahead[#ahead], returned[1]
  if back and (not line or comes_before(back, line)) then return back, true end
  return line, false
end
local function note_taken(is_back)
  if is_back then returned = nil else ahead[#ahead] = nil end
end
local function push(line, kind)
  redis.call('LPUSH', P .. (takes_capacity(kind) and 'queue' or 'queue:direct'), line)
end
local function put_back(line, job)
  if takes_capacity(string.match(line, '"kind":"([^"]*)"')) then
    redis.call('ZADD', P .. 'queue:returned', job, line)
    returned = nil
  else
    redis.call('RPUSH', P .. 'queue:direct', line)
  end
end
