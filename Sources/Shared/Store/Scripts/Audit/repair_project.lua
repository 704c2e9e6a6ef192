-- Corrects what a project counts; one that has VMs and no record has one then, without quotas.
--
-- By how much rather than to what, since VMs come and go while an audit counts.
--
-- ARGV project  its name
-- ARGV vms      how many more VMs it has
-- ARGV cpu      how much more they need
-- ARGV ram      the same of memory
-- ARGV disk     the same of disk
-- Returns: 1.
--
-- needs: broken_records, projects

refuse(wrong_kind('project:' .. project, 'projects'))
charge(project, tonumber(vms), {cpu, ram, disk})
if redis.call('EXISTS', P .. 'project:' .. project) == 1 then redis.call('ZADD', P .. 'projects', 0, project) end
return 1
