/**
 * The one script that writes the ledger in Redis, a sorted set under one key: lost whole or not at all. Members:
 *
 *   <digest>            number of the label's last hard purge
 *   <digest>~ <digest>@ number of its last soft purge, and minus the time of it
 *   #seq                the counter
 *   #epoch #home        minus the epoch, and minus what names the Redis in which it was made
 *   #life               minus the longest life of an entry that anybody named
 *   #t0…31 #n0…31       minus a time, and minus the number that had been reached by then
 *
 * Whatever is no number of a label, and not #seq, is negative, so that the lowest numbers are found by score. Times are milliseconds. A score
 * holds whole numbers up to 2^53 exactly. Arguments are those of `ScriptArguments`, the reply is read by `parseReply`.
 */
import type { Label } from '../cache/label.ts'
import { allLabel } from '../cache/label.ts'
import { type Instant, type Seconds, toMilliseconds } from '../time.ts'
import type { LedgerBounds } from './bounds.ts'
import { digestLabel } from './digest.ts'
import { freshEpoch } from './epoch.ts'

/** `open` takes no number: it only makes sure that the ledger there is the one it should be. */
export type Operation = 'open' | 'hard' | 'soft'

export interface ScriptArguments {
  readonly operation: Operation
  readonly labels: readonly Label[]
  /** The highest number seen in an epoch, which Redis must not fall behind. */
  readonly seen: { readonly epoch: string; readonly number: number } | undefined
  readonly bounds: LedgerBounds
  /** Of a soft purge, on the clock that the entries' ages are computed from. */
  readonly now: Instant
}

export interface ScriptReply {
  readonly epoch: string
  readonly seq: number
  readonly labels: number
  /** The highest number that any label named here had before. */
  readonly previous: number
  readonly folded: number
  /** Age of the youngest folded number, rounded down to a mark. */
  readonly foldedAge: Seconds
}

export function scriptArguments(call: ScriptArguments): string[] {
  const { bounds, seen } = call
  return [
    call.operation,
    String(freshEpoch()),
    seen?.epoch ?? '0',
    String(seen?.number ?? 0),
    String(bounds.labels),
    String(clamp(toMilliseconds(bounds.longestLife))),
    String(clamp(toMilliseconds(bounds.longestWindow))),
    String(Math.floor(call.now)),
    digestLabel(allLabel),
    ...call.labels.map(digestLabel),
  ]
}

export function parseReply(reply: unknown): ScriptReply {
  if (!Array.isArray(reply) || reply.length !== 6) throw new TypeError('Ledger script answered in another form')
  const [epoch, seq, labels, previous, folded, foldedAge] = reply.map(Number) as [number, number, number, number, number, number]
  return { epoch: String(epoch), seq, labels, previous, folded, foldedAge: (foldedAge / 1000) as Seconds }
}

/** What is read, in one ZMSCORE: the epoch and the counter, then of each label hard, soft, time. */
export function membersOf(labels: readonly Label[]): string[] {
  const members = ['#epoch', '#seq']
  for (const label of labels) {
    const digest = digestLabel(label)
    members.push(digest, `${digest}~`, `${digest}@`)
  }
  return members
}

/** `allow-oom`: a purge must work above all on a Redis that is full. */
export const ledgerScript: string = `#!lua flags=allow-oom
local ledger = KEYS[1]
local operation, fresh, seen_epoch, seen_seq = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local cap, life, window, at, all = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
local marks, most = 32, 1024

-- As text: ioredis reads integers of the last few before 2^53 wrongly.
local function exact(number) return string.format('%.0f', number) end
local function score(member) return tonumber(redis.call('ZSCORE', ledger, member) or 0) end
local function put(member, value) redis.call('ZADD', ledger, value, member) end
local function raise(member, value) redis.call('ZADD', ledger, 'GT', value, member) end
-- Without the counter, which is 0 before the first purge.
local function count() return redis.call('ZCOUNT', ledger, 1, '+inf') - math.min(score('#seq'), 1) end

local function ensure()
  local home = -tonumber(string.sub(string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)'), 1, 13), 16)
  local epoch, seq = score('#epoch'), score('#seq')
  local is_there = redis.call('EXISTS', ledger) == 1
  if is_there and epoch >= 0 then return nil end
  local is_behind = epoch == -seen_epoch and seq < seen_seq
  if is_there and score('#home') == home and not is_behind and seq < 9007199254740990 then return -epoch, seq end
  redis.call('UNLINK', ledger)
  put('#epoch', -fresh)
  put('#home', home)
  put('#seq', 0)
  return fresh, 0
end

local function purge_hard(label, seq)
  raise(label, seq)
  redis.call('ZREM', ledger, label .. '~', label .. '@')
end

local function purge_soft(label, seq)
  local soft, since = score(label .. '~'), -score(label .. '@')
  if soft > 0 and at - since > window then
    raise(label, soft)
    soft = 0
  end
  if soft == 0 or at < since then put(label .. '@', -at) end
  put(label .. '~', seq)
end

local function mark(now, seq)
  local step = math.max(life / 16, 1)
  local turn = math.floor(now / step)
  local slot = turn % marks
  if math.floor(-score('#t' .. slot) / step) == turn then return end
  put('#t' .. slot, -now)
  put('#n' .. slot, -seq)
end

-- The highest number that is older than any entry, and the longest proved age of a number.
local function settled(now)
  local number = 0
  local reached = {}
  for slot = 0, marks - 1 do
    local time, seq = -score('#t' .. slot), -score('#n' .. slot)
    if time > 0 then
      reached[#reached + 1] = { time, seq }
      if time < now - life then number = math.max(number, seq) end
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

local function shrink(now)
  local over = math.min(count() - cap, most)
  if over <= 0 then return 0, 0 end
  local free, age_of = settled(now)
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

local epoch, seq = ensure()
if not epoch then return redis.error_reply('FOREIGN the key of the ledger holds something else') end
if operation == 'open' then return { exact(epoch), exact(seq), count(), 0, 0, 0 } end

local previous = 0
for i = 10, #ARGV do previous = math.max(previous, score(ARGV[i]), score(ARGV[i] .. '~')) end
seq = tonumber(redis.call('ZINCRBY', ledger, 1, '#seq'))
local purge = operation == 'hard' and purge_hard or purge_soft
for i = 10, #ARGV do purge(ARGV[i], seq) end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if -score('#life') > life then life = -score('#life') else put('#life', -life) end
mark(now, seq)
local folded, age = shrink(now)
return { exact(epoch), exact(seq), count(), exact(previous), folded, age }
`

/** Longer than anything lives, and exact in a score. */
function clamp(duration: number): number {
  return Math.min(Math.max(0, Math.ceil(duration)), 1e14)
}
