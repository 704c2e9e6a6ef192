-- `is_outdated(version)`: whether a record of this version is none of those that `if_versions` names, with commas around each;
-- empty for any. One that has not changed since there are versions has the version 0.
--
-- uses: if_versions

local function is_outdated(known)
  return if_versions ~= '' and not string.find(if_versions, ',' .. (known or '0') .. ',', 1, true)
end
