-- Put a message that cannot be read from a processing list into the list of such, the newest first.
--
-- KEYS: the processing list, the list of unreadable messages
-- ARGV: the message as it was taken, what is to be kept of it, how many are kept at most
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and tonumber(ARGV[3]) > 0 then
    redis.call('LPUSH', KEYS[2], ARGV[2])
    redis.call('LTRIM', KEYS[2], 0, tonumber(ARGV[3]) - 1)
end
