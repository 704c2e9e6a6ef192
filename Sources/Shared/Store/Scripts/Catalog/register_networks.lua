-- Makes the networks file's entries the networks that requests may name.
--
-- ARGV networks...  for each two: the name in requests, and what a card is attached to, as `VMNetwork` writes it
-- Returns: how many there are.
--
-- needs: broken_records

refuse(wrong_kind('networks'))
redis.call('DEL', P .. 'networks')
for i = networks, #ARGV, 2 do redis.call('HSET', P .. 'networks', ARGV[i], ARGV[i + 1]) end
return (#ARGV - networks + 1) / 2
