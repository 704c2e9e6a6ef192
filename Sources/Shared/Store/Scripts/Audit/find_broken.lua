-- Finds which of the keys that there are once is of another type; for errors that do not name the key.
--
-- Returns: what is broken, or empty.
--
-- when full: nothing is written
-- needs: broken_records

return wrong_kind('counters', 'policy', 'identities', 'pm:numbers', 'type:numbers', 'image:numbers', 'queue',
  'queue:returned', 'queue:direct', 'queue:paused', 'queue:rules', 'queue:room', 'queue:room:asks',
  'queue:room:index', 'batches', 'dead', 'jobs', 'jobs:ended', 'events', 'refusals', 'leases', 'delayed', 'holds',
  'vms', 'vms:index', 'groups', 'projects', 'audit', 'audit:seals', 'audit:chain', 'tombstones', 'pms', 'images', 'types',
  'fleet', 'discovery', 'discovery:down', 'workers') or ''
