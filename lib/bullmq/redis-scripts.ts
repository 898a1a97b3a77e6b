/**
 * Whether a job that was handed out still is this process's: its lock is ours; or nobody holds it, and the job stands where we
 * left it, because Redis was away for longer than the lock lasts. Then the lock is taken again.
 */
const OWNS = `
local function owns(job, active, id, token, lease)
  local holder = redis.call('GET', job .. ':lock')
  if holder == token then
    redis.call('PEXPIRE', job .. ':lock', lease)
    return true
  end
  if holder or redis.call('HGET', job, 'oursms:by') ~= token then return false end
  if not redis.call('LPOS', active, id) then return false end
  redis.call('SET', job .. ':lock', token, 'PX', lease)
  return true
end
`;

/** Changes notes: `args` holds a name, '1' or '0', and a text for each, from a place on. */
const CHANGE_NOTES = `
local function changeNotes(names, texts, args, from)
  for i = from, #args, 3 do
    if args[i + 1] == '1' then
      redis.call('ZADD', names, 0, args[i])
      redis.call('HSET', texts, args[i], args[i + 2])
    else
      redis.call('ZREM', names, args[i])
      redis.call('HDEL', texts, args[i])
    end
  end
end
`;

/**
 * Operations in Redis besides BullMQ's own scripts, each atomic. All keys of an engine share a hash tag, so a script may
 * make the keys of jobs from their common start.
 */
export const REDIS_SCRIPTS = {
  /** The end of an `add`: only now that the jobs are there, the notes change. KEYS: names, texts, added. */
  'oursms:added': {
    keys: 3,
    lua: `${CHANGE_NOTES}
local base, at, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
for i = 4, 3 + count do
  if redis.call('EXISTS', base .. ARGV[i]) == 0 then return redis.error_reply('OURSMS a job was not added') end
end
for i = 4, 3 + count do redis.call('ZADD', KEYS[3], 'NX', at, ARGV[i]) end
changeNotes(KEYS[1], KEYS[2], ARGV, 4 + count)
return count`,
  },
  /** A job is about to be handed to its handler, which begins at a time, or when it says so: which try is it, and was there one without an outcome? Asked twice, it answers the same. KEYS: job, active. */
  'oursms:begin': {
    keys: 2,
    lua: `${OWNS}
local id, token, lease, now, tries = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if not owns(KEYS[1], KEYS[2], id, token, lease) then return false end
local fields = {'oursms:tries', 'oursms:since', 'oursms:doubt', 'oursms:by', 'oursms:mark', 'oursms:doubt-mark', 'oursms:faults', 'oursms:idle'}
local known = redis.call('HMGET', KEYS[1], unpack(fields))
local since, doubt, doubtMark, faults = known[2] or '', known[3] or '', known[6] or '', tonumber(known[7] or 0)
if known[4] == token then return {tonumber(known[1]), doubt, doubtMark, faults} end
local try = tonumber(known[1] or tries)
if known[8] ~= '1' then try = try + 1 end
if since ~= '' and doubt == '' then doubt, doubtMark = since, known[5] or '' end
redis.call('HSET', KEYS[1], 'oursms:tries', try, 'oursms:since', now, 'oursms:doubt', doubt, 'oursms:by', token)
redis.call('HSET', KEYS[1], 'oursms:mark', '', 'oursms:doubt-mark', doubtMark, 'oursms:idle', now == '' and '1' or '')
return {try, doubt, doubtMark, faults}`,
  },
  /** A job is begun by its handler, or not any more. KEYS: job, active. */
  'oursms:work': {
    keys: 2,
    lua: `${OWNS}
if not owns(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'oursms:since', ARGV[4], 'oursms:mark', ARGV[5], 'oursms:idle', ARGV[4] == '' and '1' or '')
return 1`,
  },
  /** Notes of an outcome, when the job is ours: BullMQ's script of the same transaction moves it then. KEYS: job, active, names, texts, added. */
  'oursms:settle': {
    keys: 5,
    lua: `${OWNS}${CHANGE_NOTES}
local id, token, lease, stays = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not owns(KEYS[1], KEYS[2], id, token, lease) then return 0 end
if stays == '0' then redis.call('ZREM', KEYS[5], id) end
changeNotes(KEYS[3], KEYS[4], ARGV, 5)
return 1`,
  },
  /** Puts a job that has just failed behind all others, however short the time between them. KEYS: failed, job. */
  'oursms:failed-last': {
    keys: 2,
    lua: `
local id, token = ARGV[1], ARGV[2]
if not redis.call('ZSCORE', KEYS[1], id) or redis.call('HGET', KEYS[2], 'oursms:by') ~= token then return 0 end
redis.call('HSET', KEYS[2], 'oursms:by', '')
redis.call('ZREM', KEYS[1], id)
local time = redis.call('TIME')
local at = time[1] * 1000 + time[2] / 1000
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if last[2] and tonumber(last[2]) >= at then at = tonumber(last[2]) + 0.001 end
redis.call('ZADD', KEYS[1], string.format('%.17g', at), id)
return 1`,
  },
  /** Keeps locks. KEYS: active, stalled. ARGV: start of the keys of jobs, lease, then id and token of each. Says which are lost. */
  'oursms:renew': {
    keys: 2,
    lua: `${OWNS}
local lost = {}
for i = 3, #ARGV, 2 do
  if owns(ARGV[1] .. ARGV[i], KEYS[1], ARGV[i], ARGV[i + 1], ARGV[2]) then
    redis.call('SREM', KEYS[2], ARGV[i])
  else
    lost[#lost + 1] = ARGV[i + 1]
  end
end
return lost`,
  },
  /** KEYS: wait, paused, prioritized, delayed, active, failed, added. An entry of a job that is gone is forgotten on the way. */
  'oursms:counts': {
    keys: 7,
    lua: `
local waiting = redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2])
waiting = waiting + redis.call('ZCARD', KEYS[3]) + redis.call('ZCARD', KEYS[4])
local oldest = ''
for _ = 1, 1000 do
  local first = redis.call('ZRANGE', KEYS[7], 0, 0, 'WITHSCORES')
  if not first[1] then break end
  if redis.call('EXISTS', ARGV[1] .. first[1]) == 1 and not redis.call('ZSCORE', KEYS[6], first[1]) then
    oldest = first[2]
    break
  end
  redis.call('ZREM', KEYS[7], first[1])
end
return {waiting, redis.call('LLEN', KEYS[5]), redis.call('ZCARD', KEYS[6]), oldest}`,
  },
  /** A page of the failed jobs, oldest first. KEYS: failed. */
  'oursms:failed-page': {
    keys: 1,
    lua: `
local found = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[2], ARGV[3], 'WITHSCORES', 'LIMIT', 0, ARGV[4])
local page = {}
for i = 1, #found, 2 do
  local job = redis.call('HMGET', ARGV[1] .. found[i], 'data', 'oursms:failure', 'failedReason', 'finishedOn')
  page[#page + 1] = {found[i], found[i + 1], job[1] or '', job[2] or '', job[3] or '', job[4] or ''}
end
return page`,
  },
  /** KEYS: failed, job, added. */
  'oursms:forget-failed': {
    keys: 3,
    lua: `
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('DEL', KEYS[2], KEYS[2] .. ':logs')
return 1`,
  },
  /** Forgets what is kept of a queue without jobs. KEYS: six lists of jobs, and eight besides. */
  'oursms:tidy': {
    keys: 14,
    lua: `
for i = 1, 6 do if redis.call('EXISTS', KEYS[i]) == 1 then return 0 end end
return redis.call('DEL', unpack(KEYS, 7))`,
  },
  /** KEYS: names, texts. */
  'oursms:note': { keys: 2, lua: `${CHANGE_NOTES}changeNotes(KEYS[1], KEYS[2], ARGV, 1) return 1` },
  /** A page of the notes whose names start with a prefix. KEYS: names, texts. */
  'oursms:notes': {
    keys: 2,
    lua: `
local from = ARGV[2] == '' and '[' .. ARGV[1] or '(' .. ARGV[2]
local names = redis.call('ZRANGEBYLEX', KEYS[1], from, '[' .. ARGV[1] .. '\\255', 'LIMIT', 0, ARGV[3])
local page = {}
for i, name in ipairs(names) do page[i] = {name, redis.call('HGET', KEYS[2], name) or ''} end
return page`,
  },
  /** Marks what is kept with its format, unless it is of a newer one. KEYS: format. */
  'oursms:mark-format': {
    keys: 1,
    lua: `
local mark = redis.call('GET', KEYS[1])
local found = mark and tonumber(string.match(mark, '^%d+'))
if found and found >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1`,
  },
  /** KEYS: lease. */
  'oursms:renew-lease': {
    keys: 1,
    lua: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
  },
  /** KEYS: lease. */
  'oursms:release-lease': {
    keys: 1,
    lua: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`,
  },
  /** Microseconds until the turn, by the clock of Redis. KEYS: turn. */
  'oursms:turn': {
    keys: 1,
    lua: `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local apart = tonumber(ARGV[1])
local at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local nextAt = at + apart
redis.call('SET', KEYS[1], string.format('%.0f', nextAt), 'PX', math.ceil((nextAt - now) / 1000) + 1000)
return at - now`,
  },
} as const satisfies Record<string, { keys: number; lua: string }>;

/** The name of a script. */
export type RedisScript = keyof typeof REDIS_SCRIPTS;
