import RedisClient

extension RedisScript {
    /// Notes how far a worker is with the fetch of an image, or how that ended.
    ///
    /// An image that is ready stays so while it is fetched again, and where that fails: what is known of it is about its
    /// source, and another worker may have it.
    ///
    /// - KEYS: 1 images.
    /// - ARGV: 1 prefix, 2 path, 3 `fetching`, `fetched` or `failed`, 4 worker, 5 bytes fetched, 6 bytes in all, 7 why it
    ///   failed or how far it is, 8 SHA-256, 9 format, 10 bytes of the file, 11 bytes of the disk, 12 fingerprint; the last
    ///   four are empty where no whole copy is there.
    /// - Returns: 1, or 0 where the image is not listed.
    static let recordFetch = RedisScript(
        name: "record-fetch",
        source: Fragment.clock + Fragment.event + #"""
            local id = redis.call('HGET', P .. 'image:numbers', ARGV[2])
            if not id or not redis.call('ZSCORE', KEYS[1], id) then return 0 end
            local key, what, has_copy = P .. 'image:' .. id, ARGV[3], ARGV[12] ~= ''
            local before = redis.call('HMGET', key, 'state', 'fingerprint')
            redis.call('HSET', key, 'fetch_state', what, 'fetched_by', ARGV[4])
            if what == 'failed' then
              redis.call('HSET', key, 'fetch_error', ARGV[7])
            else
              redis.call('HSET', key, 'fetched_bytes', ARGV[5], 'fetch_bytes', ARGV[6], 'fetch_error', '')
            end
            if what == 'fetched' then
              redis.call('HSET', key, 'fetched_at', now)
              if ARGV[8] ~= '' then
                redis.call('HSET', key, 'sha256', ARGV[8])
              elseif before[2] ~= ARGV[12] then
                redis.call('HDEL', key, 'sha256')
              end
            end
            local state = before[1]
            if has_copy and (what == 'fetched' or state ~= 'ready') then
              state = 'ready'
              redis.call('HSET', key, 'state', state, 'reason', '', 'format', ARGV[9], 'file_bytes', ARGV[10],
                'disk_bytes', ARGV[11], 'fingerprint', ARGV[12], 'inspected_at', now)
            elseif state ~= 'ready' then
              state = what == 'failed' and 'unusable' or 'fetching'
              redis.call('HSET', key, 'state', state, 'reason', ARGV[7])
            end
            if state ~= before[1] then event('catalog.changed', 'kind', 'image') end
            return 1
            """#
    )
}
