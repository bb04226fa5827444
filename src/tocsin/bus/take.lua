-- Give an owner the messages to deal with next, oldest first; each is its id, a line end, its text.
--
-- KEYS: the list, the owner's processing list, the set of all owners
-- ARGV: owner, prefix of processing lists, prefix of signs of life, for how long one is good (ms),
--       prefix of ids, messages at most, bytes at most
--
-- All or nothing, as every script: a message is in the list or in one processing list, never in
-- both and never in none. An answer that is lost does not matter: what an owner has is given again.
local list, mine, owners = KEYS[1], KEYS[2], KEYS[3]
local owner, processing, alive = ARGV[1], ARGV[2], ARGV[3]
local max_messages, max_bytes = tonumber(ARGV[6]), tonumber(ARGV[7])

redis.call('SET', alive .. owner, '1', 'PX', ARGV[4])
redis.call('SADD', owners, owner)

if redis.call('EXISTS', mine) == 1 then
    return {'', redis.call('LRANGE', mine, 0, -1)}
end

for _, other in ipairs(redis.call('SMEMBERS', owners)) do
    if redis.call('EXISTS', alive .. other) == 0 then
        redis.call('SREM', owners, other)
        if redis.call('EXISTS', processing .. other) == 1 then
            redis.call('RENAME', processing .. other, mine)
            return {other, redis.call('LRANGE', mine, 0, -1)}
        end
    end
end

local taken, bytes = {}, 0
while #taken < max_messages and bytes < max_bytes do
    local text = redis.call('RPOP', list)
    if not text then
        break
    end
    local message = ARGV[5] .. (#taken + 1) .. '\n' .. text
    redis.call('RPUSH', mine, message)
    taken[#taken + 1] = message
    bytes = bytes + #text
end
return {'', taken}
