-- Counts what the VMs of a PM hold anew, from their records.
--
-- ARGV pm  the PM
-- Returns: 1, or 0 where the PM is not known.
--
-- needs: broken_records, recount

if redis.call('EXISTS', P .. 'pm:' .. pm) == 0 then return 0 end
refuse(wrong_kind('pm:' .. pm, 'pm:' .. pm .. ':vms', 'vms', 'fleet', 'events') or broken_counters())
recount(pm)
return 1
