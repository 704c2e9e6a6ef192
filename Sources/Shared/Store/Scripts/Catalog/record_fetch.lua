-- Notes how far a worker is with the fetch of an image, or how that ended.
--
-- An image that is ready stays so while it is fetched again, and where that fails: what is known of it is about its
-- source, and another worker may have it.
--
-- ARGV path           where the image lies
-- ARGV what           `fetching`, `fetched` or `failed`
-- ARGV worker         whose fetch it is
-- ARGV fetched_bytes  bytes fetched
-- ARGV total_bytes    bytes in all
-- ARGV reason         why it failed, or how far it is
-- ARGV sha256         SHA-256 in hex; may be empty
-- ARGV format         of the whole copy; this and what follows are empty where there is none
-- ARGV file_bytes     bytes of the file
-- ARGV disk_bytes     bytes of the disk
-- ARGV fingerprint    distinguishes contents
-- Returns: 1, or 0 where the image is not listed.
--
-- needs: broken_records, events, time

local id = redis.call('HGET', P .. 'image:numbers', path)
if not id or not redis.call('ZSCORE', P .. 'images', id) then return 0 end
local key, has_copy = P .. 'image:' .. id, fingerprint ~= ''
local before = redis.call('HMGET', key, 'state', 'fingerprint')
refuse(wrong_kind('events'))
redis.call('HSET', key, 'fetch_state', what, 'fetched_by', worker)
if what == 'failed' then
  redis.call('HSET', key, 'fetch_error', reason)
else
  redis.call('HSET', key, 'fetched_bytes', fetched_bytes, 'fetch_bytes', total_bytes, 'fetch_error', '')
end
if what == 'fetched' then
  redis.call('HSET', key, 'fetched_at', now)
  if sha256 ~= '' then
    redis.call('HSET', key, 'sha256', sha256)
  elseif before[2] ~= fingerprint then
    redis.call('HDEL', key, 'sha256')
  end
end
local state = before[1]
if has_copy and (what == 'fetched' or state ~= 'ready') then
  state = 'ready'
  redis.call('HSET', key, 'state', state, 'reason', '', 'format', format, 'file_bytes', file_bytes,
    'disk_bytes', disk_bytes, 'fingerprint', fingerprint, 'inspected_at', now)
elseif state ~= 'ready' then
  state = what == 'failed' and 'unusable' or 'fetching'
  redis.call('HSET', key, 'state', state, 'reason', reason)
end
if state ~= before[1] then event('catalog.changed', 'kind', 'image') end
return 1
