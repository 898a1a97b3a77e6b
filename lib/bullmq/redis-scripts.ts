/**
 * Changes notes. From index `from`, `args` contains for each note its name, '1' (set) or '0' (delete), and its text. Notes are set
 * before others are deleted, since only setting needs memory: see {@link REDIS_SCRIPTS}.
 */
const CHANGE_NOTES = `
local function changeNotes(names, texts, args, from)
  for i = from, #args, 3 do
    if args[i + 1] == '1' then
      redis.call('ZADD', names, 0, args[i])
      redis.call('HSET', texts, args[i], args[i + 2])
    end
  end
  for i = from, #args, 3 do
    if args[i + 1] == '0' then
      redis.call('ZREM', names, args[i])
      redis.call('HDEL', texts, args[i])
    end
  end
end
`;

/**
 * Lua scripts of this module. Each changes Redis atomically, and uses only keys of this module, never one of BullMQ. All keys of
 * an engine share a hash tag, so a script may build the keys of jobs from their prefix. While its memory is full, Redis refuses the
 * first command that needs memory: each script runs that command before it changes anything.
 */
export const REDIS_SCRIPTS = {
  /**
   * Adds the jobs that do not exist yet, and returns their indexes. KEYS: live, unsent, names of notes, their texts, addition.
   * ARGV: prefix of the keys of jobs, time, milliseconds to remember the addition, number of jobs; five texts for each; notes.
   */
  'oursms:add': {
    keys: 5,
    lua: `${CHANGE_NOTES}
local base, now, count = ARGV[1], ARGV[2], tonumber(ARGV[4])
if redis.call('EXISTS', KEYS[5]) == 1 then return {} end
if count > 0 then redis.call('SET', KEYS[5], '1', 'PX', ARGV[3]) end
local fresh = {}
for i = 1, count do
  local id, delivery, data, tries, due = unpack(ARGV, 5 * i, 5 * i + 4)
  local job = base .. id
  if redis.call('EXISTS', job) == 0 then
    redis.call('HSET', job, 'delivery', delivery, 'data', data, 'tries', tries, 'due', due)
    redis.call('ZADD', KEYS[1], now, id)
    redis.call('ZADD', KEYS[2], now, delivery)
    fresh[#fresh + 1] = i
  end
end
changeNotes(KEYS[3], KEYS[4], ARGV, 5 + 5 * count)
return fresh`,
  },
  /**
   * Starts a try, or continues one under a later take. It returns the number of the try, and whether an earlier one ended
   * without an outcome; a repeated call returns the same. 'gone': the job has an outcome. 'lost': another take came later.
   * KEYS: job. ARGV: delivery, token, number of the take, time of the start or '', token of the former take to continue or ''.
   */
  'oursms:start-try': {
    keys: 1,
    lua: `
local delivery, token, take, now, former = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local known = redis.call('HMGET', KEYS[1], 'delivery', 'failedAs', 'by', 'take', 'tries', 'since', 'mark', 'doubt', 'doubtMark', 'faults', 'idle', 'data')
if known[1] ~= delivery or known[2] then return {'gone'} end
if tonumber(known[4] or 0) > take then return {'lost'} end
if former ~= '' then
  if known[3] ~= former then return {'lost'} end
  redis.call('HSET', KEYS[1], 'by', token, 'take', take)
  return {'kept'}
end
local try, since, doubt, doubtMark = tonumber(known[5]), known[6] or '', known[8] or '', known[9] or ''
if known[3] ~= token then
  if known[11] ~= '1' then try = try + 1 end
  if since ~= '' and doubt == '' then doubt, doubtMark = since, known[7] or '' end
  redis.call('HSET', KEYS[1], 'by', token, 'take', take, 'tries', try, 'since', now, 'mark', '', 'doubt', doubt, 'doubtMark', doubtMark, 'idle', now == '' and '1' or '')
end
return {'started', try, doubt, doubtMark, tonumber(known[10] or 0), known[12]}`,
  },
  /** Records whether a job is at work. KEYS: job. ARGV: token, start of the work or '' (idle), mark. */
  'oursms:work': {
    keys: 1,
    lua: `
if redis.call('HGET', KEYS[1], 'by') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'since', ARGV[2], 'mark', ARGV[3], 'idle', ARGV[2] == '' and '1' or '')
return 1`,
  },
  /**
   * Writes the outcome of a job, unless another take came later. KEYS: job, live, failed, unsent, names of notes, their texts.
   * ARGV: id, token, kind, number of texts of the fields, then the fields that change, then notes.
   */
  'oursms:settle': {
    keys: 6,
    lua: `${CHANGE_NOTES}
local id, kind, count = ARGV[1], ARGV[3], tonumber(ARGV[4])
if redis.call('HGET', KEYS[1], 'by') ~= ARGV[2] then return 0 end
if count > 0 then redis.call('HSET', KEYS[1], unpack(ARGV, 5, 4 + count)) end
changeNotes(KEYS[5], KEYS[6], ARGV, 5 + count)
if kind == 'done' then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], id)
elseif kind == 'failed' then
  local time = redis.call('TIME')
  local at = time[1] * 1000 + time[2] / 1000
  local last = redis.call('ZREVRANGE', KEYS[3], 0, 0, 'WITHSCORES')
  if last[2] and tonumber(last[2]) >= at then at = tonumber(last[2]) + 0.001 end
  redis.call('ZADD', KEYS[3], string.format('%.17g', at), id)
  redis.call('ZREM', KEYS[2], id)
else
  local delivery, due = unpack(redis.call('HMGET', KEYS[1], 'delivery', 'due'))
  redis.call('ZADD', KEYS[4], due == '' and 0 or due, delivery)
end
return 1`,
  },
  /**
   * Makes a failed job a new one, or deletes it, and returns its former delivery. KEYS: job, live, failed, unsent. ARGV: id,
   * delivery or '' (delete), time.
   */
  'oursms:take-failed': {
    keys: 4,
    lua: `
local id, delivery, now = ARGV[1], ARGV[2], ARGV[3]
if not redis.call('ZSCORE', KEYS[3], id) then return false end
local former = redis.call('HGET', KEYS[1], 'delivery')
if delivery == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'delivery', delivery, 'tries', 0, 'due', '')
  redis.call('ZADD', KEYS[2], now, id)
  redis.call('ZADD', KEYS[4], now, delivery)
  redis.call('HDEL', KEYS[1], 'failedAs', 'reason', 'by', 'take', 'since', 'mark', 'doubt', 'doubtMark', 'faults', 'idle')
end
redis.call('ZREM', KEYS[3], id)
return former or ''`,
  },
  /** Changes notes. KEYS: names, texts. ARGV: notes. */
  'oursms:note': { keys: 2, lua: `${CHANGE_NOTES}changeNotes(KEYS[1], KEYS[2], ARGV, 1) return 1` },
  /** Extends a lease, or releases it. KEYS: lease. ARGV: token, milliseconds from now or 0 (release). */
  'oursms:lease': {
    keys: 1,
    lua: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return ARGV[2] == '0' and redis.call('DEL', KEYS[1]) or redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
  },
  /**
   * Takes a turn, and returns the microseconds until it comes, by the clock of Redis. KEYS: turn. ARGV: microseconds between
   * turns.
   */
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

export type RedisScript = keyof typeof REDIS_SCRIPTS;
