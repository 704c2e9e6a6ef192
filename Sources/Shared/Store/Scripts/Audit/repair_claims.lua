-- Makes a PM's claims and their sums anew from the records of their VMs and jobs.
--
-- ARGV pm  the PM
-- Returns: 1, or 0 where the PM is not known.
--
-- needs: broken_records, recount

if redis.call('EXISTS', P .. 'pm:' .. pm) == 0 then return 0 end
refuse(wrong_kind('pm:' .. pm, 'pm:' .. pm .. ':claims', 'vms', 'fleet', 'events') or broken_counters())
recount(pm)
return 1
