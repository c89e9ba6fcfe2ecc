-- KEYS[1]: the counter, microseconds at which the quota is whole again.
-- ARGV: microseconds a permit takes to come back, permits of the quota, permits wanted, lease share.
-- Answers {taken, left, microseconds until whole}. One clock for all replicas: this server's.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local whole_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local free = math.floor((now + interval * count - whole_at) / interval)
if free < 1 then return {0, 0, whole_at - now} end
local taken = math.max(1, math.min(tonumber(ARGV[3]), math.floor(free / tonumber(ARGV[4]))))
whole_at = whole_at + taken * interval
redis.call('SET', KEYS[1], string.format('%.0f', whole_at), 'PX', math.ceil((whole_at - now) / 1000))
return {taken, free - taken, whole_at - now}
