/** What the ledger's script does, one call at a time, as src/ledger/lua.ts has it. */
import type { Deviation } from './deviation.ts'
import type { Instance, PurgeRecord, Redis, Stamp, State } from './state.ts'

export interface Call {
  readonly state: State
  readonly redis: Redis
  readonly by: number
  readonly has: (deviation: Deviation) => boolean
}

export function callerOf({ state, by }: Call): Instance {
  return state.instances[by] as Instance
}

/** True: the ledger is another than it was, and empty. */
export function ensure(call: Call): boolean {
  const { redis, state, has } = call
  const { seen } = callerOf(call)
  const isHome = redis.home === redis.id || has('failover told by numbers alone')
  const isBehind = redis.epoch === seen.epoch && redis.seq < seen.number
  if (redis.epoch !== 0 && isHome && !isBehind) return false
  redis.epoch = state.nextEpoch++
  redis.home = redis.id
  redis.seq = 0
  redis.purged = redis.purged.map(() => 0)
  redis.stream = []
  return true
}

export interface Purge {
  /** The rules that named the labels. */
  readonly owner: number
  /** The rules whose entry has one of the labels. */
  readonly reach: readonly number[]
  /** The rules of which nothing from before is left. */
  readonly whole?: readonly number[]
  readonly isReadable?: boolean
}

export function purge(call: Call, { owner, reach, whole = [], isReadable = true }: Purge): PurgeRecord {
  const { redis, has } = call
  redis.seq += 1
  const others = othersInForce(redis, owner)
  const gone = [...whole, ...others]
  const record = { epoch: redis.epoch, number: redis.seq, reach: [...new Set([...reach, ...gone])].sort(), isReadable }
  for (const rules of record.reach) redis.purged[rules] = redis.seq
  redis.stream.push(record)
  for (const [rules, covered] of redis.covered.entries()) {
    // What purges went past before this one is still to be made good.
    const isUpToDate = covered === redis.seq - 1 || has('rules that lag are moved on')
    const isNamed = rules === owner || whole.length > 0
    if (covered >= 0 && (gone.includes(rules) || (isNamed && isUpToDate))) redis.covered[rules] = redis.seq
  }
  return record
}

function othersInForce(redis: Redis, owner: number): number[] {
  return [...redis.covered.keys()].filter(
    (rules) => rules !== owner && (redis.covered[rules] as number) >= 0 && redis.isLive[rules],
  )
}

function purgeAll(call: Call): void {
  const everything = [...call.redis.purged.keys()]
  purge(call, { owner: callerOf(call).rules, reach: everything, whole: everything })
}

export function tick(call: Call): Stamp {
  const { redis } = call
  const isFresh = ensure(call)
  meet(call, isFresh)
  completeIntent(call)
  register(call, isFresh)
  return { epoch: redis.epoch, number: redis.seq }
}

/** Where all were silent, what others could not purge is not known. */
function meet(call: Call, isFresh: boolean): void {
  const { redis, has } = call
  const wereSilent = redis.wereAllSilent && !has('all silent, and nothing purged')
  const areListed = redis.areMembersListed
  redis.wereAllSilent = false
  redis.areMembersListed = true
  if (!isFresh && (wereSilent || !areListed)) purgeAll(call)
}

function completeIntent(call: Call): void {
  const { redis, by, has } = call
  const { intent } = redis
  if (intent === undefined) return
  const { rules } = call.state.instances[intent.owner] as Instance
  const mustBury =
    intent.isOwnerSilent && intent.owner !== by && !intent.isBuried && !has('silent owners left to their deadlines')
  if (mustBury || intent.isDue) purge(call, { owner: rules, reach: [rules] })
  // The origin may commit until the deadline, whether or not the owner lives.
  if (mustBury) intent.isBuried = true
  if (intent.isDue || (mustBury && has('intent dropped when its owner is buried'))) redis.intent = undefined
}

function register(call: Call, isFresh: boolean): void {
  const { redis, has } = call
  const { rules } = callerOf(call)
  const isBehind = redis.covered[rules] !== redis.seq && !has('rules that return are believed')
  if (!isFresh && isBehind) registerAnew(call, rules)
  redis.covered[rules] = redis.seq
  redis.isLive[rules] = true
}

/** Nothing is left of what these rules made; of the others nothing is said. */
function registerAnew(call: Call, rules: number): void {
  const { redis, has } = call
  if (redis.covered[rules] === -1) redis.covered[rules] = 0
  redis.seq += 1
  redis.purged[rules] = redis.seq
  redis.stream.push({ epoch: redis.epoch, number: redis.seq, reach: [rules], isReadable: true })
  for (const [other, covered] of redis.covered.entries())
    if (covered >= 0 && (covered === redis.seq - 1 || has('rules that lag are moved on'))) redis.covered[other] = redis.seq
}
