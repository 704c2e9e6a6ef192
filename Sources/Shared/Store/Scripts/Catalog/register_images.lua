-- Makes the image file's lines the listed images.
--
-- Of one that lies on another machine, what a worker found in its copy stays: only a fetch can find anything else.
--
-- ARGV images...  for each image nine: path, name, state (`ready`, `unusable` or `fetching`), reason, format, bytes of
--   the file, bytes of the disk, fingerprint, and as whom people log in to its guests, which may be empty
-- Returns: the numbers, in the file's order.
--
-- needs: broken_records, catalog_numbers, time

local ids, listed = {}, {}
refuse(wrong_kind('images', 'events'))
begin('image', function(id) return wrong_kind('image:' .. id) end)
for i = images, #ARGV, 9 do
  local id = number('image', ARGV[i], 100)
  local key = P .. 'image:' .. id
  ids[#ids + 1], listed[id] = id, true
  local stays = ARGV[i + 2] == 'fetching' and redis.call('HGET', key, 'state') == 'ready'
  redis.call('HSET', key, 'id', id, 'path', ARGV[i], 'name', ARGV[i + 1], 'listed', 1,
    'login_user', ARGV[i + 8])
  if not stays then
    redis.call('HSET', key, 'state', ARGV[i + 2], 'reason', ARGV[i + 3], 'format', ARGV[i + 4],
      'file_bytes', ARGV[i + 5], 'disk_bytes', ARGV[i + 6], 'fingerprint', ARGV[i + 7], 'inspected_at', now)
  end
end
list('image', ids, listed)
return ids
