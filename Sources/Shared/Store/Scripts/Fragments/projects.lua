-- What the VMs of a project need together, against its quotas. A VM counts from its acceptance until its record goes; so
-- does what a resize is to add, from the acceptance of that job.
--
-- `project_refusal(project, vms, needs)`: the answer where there is no such project, or where so many more VMs with so much
-- more together, `{cpu, ram, disk}`, are beyond one of its quotas; nil where they may come. All that is to be accepted at
-- once is asked about at once.
--
-- `charge(project, vms, needs)`: counts so much more, less where it is negative. A record that is of another type counts
-- nothing (pcall), since no job is to wait for that: an audit makes the counts anew.
--
-- `reserve(job, project, needs)`: counts what a job is to add to its VM. `release_reservation(job)`: takes that off again;
-- where the job is done, what its VM needs more is counted then.
--
-- `negative(needs)`: the same amounts, to be taken off.
--
-- needs: broken_records, time

-- What was read of projects, and written since.
local counted = {}
local function project_refusal(project, vms, needs)
  local key = 'project:' .. project
  local p = redis.pcall('HMGET', P .. key, 'created_at', 'vms', 'cpu', 'ram', 'disk', 'quota_vms', 'quota_cpu', 'quota_ram',
    'quota_disk')
  refuse(p.err and P .. key .. ' must be a hash')
  counted[project] = {unpack(p, 1, 5)}
  if not p[1] and project ~= 'default' then return {'unknown_project', project} end
  for i, name in ipairs({'vms', 'cpu', 'ram', 'disk'}) do
    local used, limit, asked = p[i + 1] or '0', p[i + 5], i == 1 and vms or tonumber(needs[i - 1])
    if limit and asked > 0 then
      if not is_whole(limit) or not is_whole(used) then refuse(P .. key .. ' has a ' .. name .. ' that is no whole number') end
      if tonumber(used) + asked > tonumber(limit) then
        return {'quota_exceeded', project, name, limit, used, whole(asked)}
      end
    end
  end
end
local function negative(needs) return {-tonumber(needs[1]), -tonumber(needs[2]), -tonumber(needs[3])} end
local function charge(project, vms, needs)
  local key = P .. 'project:' .. project
  local p = counted[project] or redis.pcall('HMGET', key, 'created_at', 'vms', 'cpu', 'ram', 'disk')
  if p.err then return end
  if not p[1] then
    -- Of one that was lost there is nothing to take off.
    if vms <= 0 then return end
    redis.call('HSET', key, 'created_at', now)
    redis.pcall('ZADD', P .. 'projects', 0, project)
  end
  local function sum(at, more) return whole(math.max(0, (tonumber(p[at] or 0) or 0) + tonumber(more))) end
  p = {now, sum(2, vms), sum(3, needs[1]), sum(4, needs[2]), sum(5, needs[3])}
  counted[project] = p
  redis.call('HSET', key, 'vms', p[2], 'cpu', p[3], 'ram', p[4], 'disk', p[5])
end
local function reserve(job, project, needs)
  redis.call('HSET', P .. 'job:' .. job, 'reserved', table.concat(needs, ','))
  charge(project, 0, needs)
end
local function release_reservation(job)
  local key = P .. 'job:' .. job
  local j = redis.call('HMGET', key, 'reserved', 'project')
  local cpu, ram, disk = string.match(j[1] or '', '^(%d+),(%d+),(%d+)$')
  if not cpu then return end
  redis.call('HDEL', key, 'reserved')
  charge(j[2] or 'default', 0, negative({cpu, ram, disk}))
end
