-- KEYS[1]: the key that nonces are signed with, its name of 16 bytes before it.
-- One key. ARGV: a fresh key; a key that is to go if it is still there, or nothing. Answers the key
-- that holds. It lives as long as somebody asks for it.
if #KEYS == 1 then
  local held = redis.call('GET', KEYS[1])
  if held == ARGV[2] then redis.call('DEL', KEYS[1]) end
  held = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'GET') or ARGV[1]
  redis.call('PEXPIRE', KEYS[1], 3600000)
  return held
end
-- KEYS[2]: the mark of a used nonce. ARGV: the name of the key that the nonce was checked with; the
-- end of the nonce, milliseconds since 1970. Answers 0: it is used up now; 1: it was before, or is
-- over; 2: another key holds. One clock decides and ends the mark: this server's.
local held = redis.call('GET', KEYS[1])
if not held or string.sub(held, 1, 16) ~= ARGV[1] then return 2 end
local time = redis.call('TIME')
local ending = tonumber(ARGV[2])
if time[1] * 1000 + time[2] / 1000 >= ending then return 1 end
if redis.call('SET', KEYS[2], '', 'PXAT', ARGV[2], 'NX') then return 0 end
return 1
