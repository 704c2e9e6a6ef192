-- The checks of a claim that takes several entries, of which only the first may be refused.
--
-- `note_write()`: says that an entry was taken. `check(problem)`: refuses what is broken where nothing was written yet, else
-- returns it. `broken_ends()`: what is broken of what the end of an entry writes to.
--
-- needs: broken_records

local has_written = false
local function note_write() has_written = true end
-- Nothing is written where it is the first entry; else it is the next claim's first.
local function check(problem)
  if not has_written then refuse(problem) end
  return problem
end
-- What ends an entry writes to more keys; checked once, and only where there is one.
local ends = {}
local function broken_ends()
  if not ends.known then
    ends.known = true
    ends.problem = wrong_kind('dead', 'discovery', 'vms', 'tombstones', 'holds', 'jobs:ended')
  end
  return check(ends.problem)
end
