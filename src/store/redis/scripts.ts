import { createHash } from 'node:crypto';

/** A Lua script that the Redis server runs as one: nobody sees it half done. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') });

/*
 * Whatever changes a table takes the next number and is published with it, in the same step: the numbers are the order in which
 * everyone hears of the changes.
 */

/**
 * Keys: table, seq. Arguments: channel, who writes, name of the table, the field of a value that says of when it is, then field, value and of
 * when that is known, in turn. An empty value takes the field away. What is stored and newer than was known stays, and is not told.
 */
export const WRITE = script(`
local function overruled(field, known)
  local stored = known ~= '' and redis.call('HGET', KEYS[1], field)
  local read, value = pcall(cjson.decode, stored or '')
  local age = read and type(value) == 'table' and tonumber(value[ARGV[4]])
  return age and age > tonumber(known)
end
local changes = {}
for i = 5, #ARGV, 3 do
  local field, value = ARGV[i], ARGV[i + 1]
  if not overruled(field, ARGV[i + 2]) then
    if value == '' then redis.call('HDEL', KEYS[1], field) else redis.call('HSET', KEYS[1], field, value) end
    changes[#changes + 1] = { field, value == '' and cjson.null or value }
  end
end
if #changes == 0 then return 0 end
local seq = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', ARGV[1], seq .. ' ' .. cjson.encode({ by = ARGV[2], table = ARGV[3], changes = changes }))
return seq
`);

/**
 * A subscription is stored as "version target json". Keys: subscriptions, seq. Arguments: channel, message, supervisor, the version that
 * it must have, json or '', exclusive '1' or '', target. Answers what came of it, and the number of the last change.
 */
export const TAKE = script(`
local stored = redis.call('HGET', KEYS[1], ARGV[3])
local version = stored and string.match(stored, '^%d+') or '0'
if version ~= ARGV[4] then return { 'overtaken', tonumber(redis.call('GET', KEYS[2]) or '0') } end
if ARGV[6] == '1' then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    if all[i] ~= ARGV[3] and string.match(all[i + 1], '^%d+ (%S+) ') == ARGV[7] then return { 'held', 0 } end
  end
end
local seq = redis.call('INCR', KEYS[2])
if ARGV[5] == '' then redis.call('HDEL', KEYS[1], ARGV[3])
else redis.call('HSET', KEYS[1], ARGV[3], seq .. ' ' .. ARGV[7] .. ' ' .. ARGV[5]) end
redis.call('PUBLISH', ARGV[1], seq .. ' ' .. ARGV[2])
return { 'taken', seq }
`);

/** Keys: seq, epoch, secret, tables. Arguments: an epoch and a secret, should there be none yet. Answers all of it as it is now. */
export const SNAPSHOT = script(`
redis.call('SET', KEYS[2], ARGV[1], 'NX')
redis.call('SET', KEYS[3], ARGV[2], 'NX')
local found = { tonumber(redis.call('GET', KEYS[1]) or '0'), redis.call('GET', KEYS[2]), redis.call('GET', KEYS[3]) }
for i = 4, #KEYS do found[i] = redis.call('HGETALL', KEYS[i]) end
return found
`);

/**
 * Puts back what a server has lost. Keys: seq, epoch, subscriptions, registrations. Arguments: the epoch and the number of the last change that
 * this copy is of, how many words of the first table follow, then the fields and values of both. A server that has forgotten everything is
 * given what nobody has put there yet; one that remembers an earlier time of the same epoch, a dump of then, is given this copy
 * instead, and the epoch is marked. The number grows: whoever has read it before reads it again.
 */
export const RESTORE = script(`
local seq, known = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[2])
local epoch = redis.call('GET', KEYS[2])
if epoch and string.match(epoch, '^%x+') == string.match(ARGV[1], '^%x+') then
  if seq >= known then return 0 end
  redis.call('SET', KEYS[2], ARGV[1] .. '+')
  redis.call('DEL', KEYS[3], KEYS[4])
end
local border = 3 + tonumber(ARGV[3])
for i = 4, #ARGV, 2 do redis.call('HSETNX', i <= border and KEYS[3] or KEYS[4], ARGV[i], ARGV[i + 1]) end
redis.call('SET', KEYS[1], string.format('%.0f', math.max(seq, known) + 1))
return 1
`);

/**
 * Keys: instances, the alive key of this one, seq, epoch. Arguments: id, how long that is good for in ms, the prefix of alive keys, where it is.
 * Answers in JSON whether others took this instance for gone, what the server remembers, and all others: where they are, and whether their alive keys are there.
 */
export const BEAT = script(`
local forgotten = redis.call('HSET', KEYS[1], ARGV[1], ARGV[4]) == 1
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
local all = redis.call('HGETALL', KEYS[1])
local others = {}
for i = 1, #all, 2 do
  if all[i] ~= ARGV[1] then
    local beats = redis.call('EXISTS', ARGV[3] .. all[i]) == 1
    others[#others + 1] = cjson.encode({ id = all[i], where = all[i + 1], beats = beats })
  end
end
local stand = ',"seq":' .. (redis.call('GET', KEYS[3]) or '0') .. ',"epoch":' .. cjson.encode(redis.call('GET', KEYS[4]) or '')
return '{"forgotten":' .. tostring(forgotten) .. stand .. ',"instances":[' .. table.concat(others, ',') .. ']}'
`);

/**
 * Claims what an instance has left behind, for one heir at a time, unless it is settled already or alive after all. Keys: instances, its
 * alive key, its heir key. Arguments: its id, the heir, how long the claim is good for in ms. Answers 1 or 0.
 */
export const CLAIM = script(`
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 or redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
return redis.call('SET', KEYS[3], ARGV[2], 'NX', 'PX', ARGV[3]) and 1 or 0
`);

/**
 * Takes over the records of one that is gone, and strikes it off. Keys: its records, ours, instances, its alive key, its heir key.
 * Arguments: its id. Answers the records; none when it is there again.
 */
export const INHERIT = script(`
redis.call('DEL', KEYS[5])
if redis.call('EXISTS', KEYS[4]) == 1 then return {} end
local records = redis.call('HGETALL', KEYS[1])
for i = 1, #records, 2 do redis.call('HSET', KEYS[2], records[i], records[i + 1]) end
redis.call('DEL', KEYS[1])
redis.call('HDEL', KEYS[3], ARGV[1])
return records
`);

/** Goes in order. Keys: instances, the alive key, the records of this instance. Arguments: id, that it has left. Records that are left find an heir. */
export const LEAVE = script(`
redis.call('DEL', KEYS[2])
if redis.call('HLEN', KEYS[3]) == 0 then redis.call('HDEL', KEYS[1], ARGV[1])
else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
`);
