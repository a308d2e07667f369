/**
 * The one script that writes the ledger in Redis. Its five keys share a slot:
 *
 *   ledger   a sorted set, lost whole or not at all:
 *              <digest>            number of the label's last hard purge
 *              <digest>~ <digest>@ number of its last soft purge, and minus the time of it
 *              #seq #version       the counter, and minus the version of all this
 *              #epoch #home        minus the epoch, and minus what names the Redis in which it was made
 *              #life               minus the longest life of an entry that anybody named
 *              #t0…31 #n0…31       minus a time, and minus the number that had been reached by then
 *   stream   one record a number, under the number as its id: what was purged, for whoever keeps an image of the ledger
 *   members  #                   it is there
 *            i:<instance>        when it last ticked
 *            h:<digest>          of a label of rules: the number up to which its entries were considered, when it was last in force, the label
 *   intents  <id>                what is to be purged, encoded
 *   due      <id>                when
 *
 * Whatever is no number of a label in the sorted set, and not #seq, is negative, so that the lowest numbers are found by score. Times are
 * milliseconds of Redis's own clock, but for those of soft purges. Arguments and reply are those of `script.ts`.
 */

/** `allow-oom`: a purge must work above all on a Redis that is full. */
export const ledgerScript: string = `#!lua flags=allow-oom
local ledger, stream, members, intents, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local operation, fresh, seen_epoch, seen_seq = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local cap, life, window, at = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local all, me, rules, rules_text = ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local intent, after = ARGV[13], tonumber(ARGV[14])
local texts, digests = ARGV[16], {}
for i = 17, #ARGV do digests[#digests + 1] = ARGV[i] end
local marks, most, long_silence, live = 32, 1024, 1000, tonumber(ARGV[15])

-- As text: ioredis reads integers of the last few before 2^53 wrongly.
local function exact(number) return string.format('%.0f', number) end
local function score(member) return tonumber(redis.call('ZSCORE', ledger, member) or 0) end
local function put(member, value) redis.call('ZADD', ledger, value, member) end
local function raise(member, value) redis.call('ZADD', ledger, 'GT', value, member) end
-- Without the counter, which is 0 before the first purge.
local function count() return redis.call('ZCOUNT', ledger, 1, '+inf') - math.min(score('#seq'), 1) end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function ensure()
  local home = -tonumber(string.sub(string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)'), 1, 13), 16)
  local epoch, seq = score('#epoch'), score('#seq')
  local is_there = redis.call('EXISTS', ledger) == 1
  if is_there and (epoch >= 0 or score('#version') < -1) then return nil end
  local is_behind = epoch == -seen_epoch and seq < seen_seq
  if is_there and score('#home') == home and not is_behind and seq < 9007199254740000 then return -epoch, seq, false end
  redis.call('UNLINK', ledger, stream)
  put('#version', -1)
  put('#epoch', -fresh)
  put('#home', home)
  put('#seq', 0)
  return fresh, 0, true
end

local epoch, seq, is_fresh = ensure()
if not epoch then return redis.error_reply('FOREIGN the key of the ledger holds something else, or a ledger of a newer version') end

local function purge_hard(label)
  raise(label, seq)
  redis.call('ZREM', ledger, label .. '~', label .. '@')
end

local function purge_soft(label)
  local soft, since = score(label .. '~'), -score(label .. '@')
  if soft > 0 and at - since > window then
    raise(label, soft)
    soft = 0
  end
  if soft == 0 or at < since then put(label .. '@', -at) end
  put(label .. '~', seq)
end

local function announce(kind, list, others)
  local record = { 'v', '1', 'e', exact(epoch), 'k', kind, 't', exact(at), 'l', '[' .. list .. ']', 'o', '[' .. others .. ']' }
  local added = redis.pcall('XADD', stream, 'MAXLEN', '~', 10000, exact(seq) .. '-0', unpack(record))
  if type(added) ~= 'table' or not added.err then return end
  -- Whatever lies there is not the stream of this epoch: its readers see a gap, and forget what they hold.
  redis.call('UNLINK', stream)
  redis.call('XADD', stream, exact(seq) .. '-0', unpack(record))
end

-- What the rules of the owner name says nothing to entries of other rules that are in force somewhere: those go whole. Rules that lag behind
-- stay so: by their number they see, when they are back, that purges went past them.
local function cover(owner)
  local others = {}
  local fields = redis.call('HGETALL', members)
  for i = 1, #fields, 2 do
    local digest = string.match(fields[i], '^h:(.+)')
    if digest then
      local covered, seen, text = string.match(fields[i + 1], '^(%d+) (%d+) (.*)$')
      local is_whole, is_own = owner == all, owner == digest or owner == ''
      if not (is_whole or is_own) and now - tonumber(seen) <= live then
        purge_hard(digest)
        others[#others + 1] = cjson.encode(text)
        is_whole = true
      end
      if is_whole or (is_own and tonumber(covered) == seq - 1) then redis.call('HSET', members, fields[i], exact(seq) .. ' ' .. seen .. ' ' .. text) end
    end
  end
  return table.concat(others, ',')
end

local function purge(kind, owner, list, labels)
  local previous = 0
  for _, label in ipairs(labels) do previous = math.max(previous, score(label), score(label .. '~')) end
  seq = tonumber(redis.call('ZINCRBY', ledger, 1, '#seq'))
  local one = kind == 'hard' and purge_hard or purge_soft
  for _, label in ipairs(labels) do one(label) end
  local others = cover(owner)
  announce(kind, list, others)
  return previous, others
end

local function purge_all() purge('hard', all, '"all"', { all }) end

local function drop_intent(id) redis.call('HDEL', intents, id) redis.call('ZREM', due, id) end

local function complete(ids, is_over)
  for _, id in ipairs(ids) do
    local value = redis.call('HGET', intents, id)
    if value then
      local kind, owner, list, labels = unpack(cjson.decode(value))
      purge(kind, owner, list, labels)
    else purge_all() end
    if is_over then drop_intent(id) end
  end
  return #ids
end

local function mark()
  local step = math.max(life / 16, 1)
  local turn = math.floor(now / step)
  local slot = turn % marks
  if math.floor(-score('#t' .. slot) / step) == turn then return end
  put('#t' .. slot, -now)
  put('#n' .. slot, -seq)
end

-- The highest number that is older than any entry, and the longest proved age of a number.
local function settled()
  local number = 0
  local reached = {}
  for slot = 0, marks - 1 do
    local reached_at, reached_seq = -score('#t' .. slot), -score('#n' .. slot)
    if reached_at > 0 then
      reached[#reached + 1] = { reached_at, reached_seq }
      if reached_at < now - life then number = math.max(number, reached_seq) end
    end
  end
  return number, function(of)
    local age = 0
    for _, one in ipairs(reached) do
      if one[2] >= of then age = math.max(age, now - one[1]) end
    end
    return age
  end
end

local function shrink()
  local over = math.min(count() - cap, most)
  if over <= 0 then return 0, 0 end
  local free, age_of = settled()
  local lowest = redis.call('ZRANGEBYSCORE', ledger, 1, '+inf', 'WITHSCORES', 'LIMIT', 0, over + 2)
  local folded, highest = 0, 0
  for i = 1, #lowest, 2 do
    local member, number = lowest[i], tonumber(lowest[i + 1])
    if over > 0 and member ~= '#seq' and member ~= all then
      over = over - 1
      redis.call('ZREM', ledger, member)
      if string.sub(member, -1) == '~' then redis.call('ZREM', ledger, string.sub(member, 1, -2) .. '@') end
      if number > free then
        folded = folded + 1
        highest = number
      end
    end
  end
  if folded == 0 then return 0, 0 end
  raise(all, highest)
  return folded, age_of(highest)
end

local function age_book()
  if -score('#life') > life then life = -score('#life') else put('#life', -life) end
  mark()
  return shrink()
end

-- Members that are silent for long are forgotten. What they meant to purge is purged now, and again when it is due: the origin may commit later.
local function bury(id)
  redis.call('HDEL', members, 'i:' .. id)
  local theirs = {}
  for _, field in ipairs(redis.call('HKEYS', intents)) do
    if string.sub(field, 1, #id + 1) == id .. ':' then theirs[#theirs + 1] = field end
  end
  return complete(theirs, false)
end

-- Where all were silent, Redis was away from everybody: what they could not purge is not known before they are back.
local function meet()
  local fields = redis.call('HGETALL', members)
  local is_listed, is_somebody, is_alive, buried = false, false, false, 0
  for i = 1, #fields, 2 do
    local id = string.match(fields[i], '^i:(.+)')
    if fields[i] == '#' then is_listed = true end
    if id then
      local silence = now - tonumber(fields[i + 1])
      is_somebody = true
      if silence <= long_silence then is_alive = true end
      if silence > 2 * long_silence and id ~= me then buried = buried + bury(id) end
    end
  end
  redis.call('HSET', members, '#', '1', 'i:' .. me, exact(now))
  if is_fresh or (is_listed and (is_alive or not is_somebody)) then return 0, buried end
  purge_all()
  return 1, buried
end

local function register()
  local field = 'h:' .. rules
  local known = redis.call('HGET', members, field)
  local covered = known and string.match(known, '^(%d+) ')
  if not is_fresh and covered ~= exact(seq) then purge('hard', '', cjson.encode(rules_text), { rules }) end
  redis.call('HSET', members, field, exact(seq) .. ' ' .. exact(now) .. ' ' .. rules_text)
end

local previous, others, folded, age, silent, completed = 0, '', 0, 0, 0, 0
if operation == 'tick' then
  silent, completed = meet()
  completed = completed + complete(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 64), true)
  register()
  if silent + completed > 0 then folded, age = age_book() end
elseif operation == 'intend-hard' or operation == 'intend-soft' then
  redis.call('HSET', intents, intent, cjson.encode({ string.sub(operation, 8), rules, texts, digests }))
  redis.call('ZADD', due, now + after, intent)
elseif operation == 'forget' then
  drop_intent(intent)
elseif operation == 'leave' then
  redis.call('HDEL', members, 'i:' .. me)
else
  previous, others = purge(operation, rules, texts, digests)
  if intent ~= '' then drop_intent(intent) end
  folded, age = age_book()
end
return { exact(epoch), exact(seq), count(), exact(previous), folded, age, silent, completed, '[' .. others .. ']' }
`
