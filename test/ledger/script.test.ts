import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { allLabel, keyLabel, type Label, rulesLabel, tagLabel } from '../../src/cache/label.ts'
import { defaultBounds, type LedgerBounds } from '../../src/ledger/bounds.ts'
import { digestLabel } from '../../src/ledger/digest.ts'
import { ledgerScript } from '../../src/ledger/lua.ts'
import { keysOf, membersOf, parseReply, type ScriptCall, type ScriptReply, scriptArguments } from '../../src/ledger/script.ts'
import { instant, milliseconds, seconds } from '../../src/time.ts'
import { type RedisServer, startRedis } from '../fixtures/redis.ts'
import { outsider } from '../redis/fixture.ts'

const a = keyLabel('a')
const b = tagLabel('b')
const key = 'test:{ledger}'
const now = instant(Date.UTC(2030, 0, 1))
const member = { id: 'me', rules: rulesLabel('one'), rulesLiveFor: milliseconds(10_000) }
/** Takes no number: it only makes sure that the ledger there is the one it should be. */
const plain: ScriptCall = { operation: 'forget', labels: [], seen: undefined, bounds: defaultBounds, now, member, intent: 'none' }

t.test('scriptArguments: every place has its meaning, and labels come last, as digests', async (t) => {
  const bounds: LedgerBounds = { labels: 7, longestLife: seconds(60), longestWindow: seconds(1.5) }
  const seen = { epoch: '123', number: 2 ** 53 - 1 }
  const [operation, fresh, ...others] = scriptArguments({
    operation: 'soft',
    labels: [a, b],
    seen,
    bounds,
    now,
    member,
    intent: 'i',
    after: milliseconds(9),
  })
  t.equal(operation, 'soft')
  t.match(fresh, /^[1-9]\d{0,15}$/, 'an epoch, should one be needed')
  t.same(others, [
    '123',
    '9007199254740991',
    '7',
    '60000',
    '1500',
    '1893456000000',
    digestLabel(allLabel),
    'me',
    digestLabel(member.rules),
    'h:one',
    'i',
    '9',
    '10000',
    '"k:a","t:b"',
    digestLabel(a),
    digestLabel(b),
  ])
  t.not(scriptArguments(plain)[1], scriptArguments(plain)[1], 'another epoch in every call')
  t.same(scriptArguments(plain).slice(2, 4), ['0', '0'], 'nothing seen')
})

t.test('scriptArguments: whatever is given, whole numbers that a score holds', async (t) => {
  const cases: ReadonlyArray<readonly [duration: number, expected: string]> = [
    [0, '0'],
    [-5, '0'],
    [0.0001, '1'],
    [Number.POSITIVE_INFINITY, '100000000000000'],
  ]
  for (const [duration, expected] of cases) {
    const bounds = { labels: 1, longestLife: seconds(duration), longestWindow: seconds(duration) }
    t.same(scriptArguments({ ...plain, bounds }).slice(5, 7), [expected, expected], `${duration}`)
  }
  t.equal(scriptArguments({ ...plain, now: instant(1.9) })[7], '1')
})

t.test('parseReply: numbers as they come, and anything else is an error', async (t) => {
  t.same(parseReply(['4503599627370495', '9007199254740991', 3, '8', 2, 1500, 1, 4, '["h:two"]']), {
    epoch: '4503599627370495',
    seq: 2 ** 53 - 1,
    labels: 3,
    previous: 8,
    folded: 2,
    foldedAge: 1.5,
    wereAllSilent: true,
    completed: 4,
    others: ['h:two'],
  })
  for (const reply of [null, undefined, 'OK', 5, [], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7, 8], { length: 9 }]) {
    t.throws(() => parseReply(reply), TypeError, JSON.stringify(reply))
  }
})

t.test('membersOf: epoch and counter, then three of each label', async (t) => {
  t.same(membersOf([]), ['#epoch', '#seq'])
  const [one, two] = [digestLabel(a), digestLabel(b)]
  t.same(membersOf([a, b]), ['#epoch', '#seq', one, `${one}~`, `${one}@`, two, `${two}~`, `${two}@`])
})

interface Numbers {
  readonly hard: number
  readonly soft: number
  readonly since: number
}

interface Bench {
  readonly redis: Redis
  run(call?: Partial<ScriptCall>): Promise<ScriptReply>
  /** What lies there of one label. */
  numbers(label: Label): Promise<Numbers>
  score(member: string): Promise<number | undefined>
}

let server: RedisServer
t.before(async () => {
  server = await startRedis()
})
t.teardown(() => server.stop())

async function bench(t: Test): Promise<Bench> {
  const redis = outsider(t, server.port)
  await redis.flushall()
  return {
    redis,
    run: async (call = {}) =>
      parseReply(await redis.eval(ledgerScript, 5, ...Object.values(keysOf('test')), ...scriptArguments({ ...plain, ...call }))),
    async numbers(label) {
      const scores = await redis.zmscore(key, membersOf([label]))
      const [hard, soft, since] = scores.slice(2).map(Number)
      return { hard: hard as number, soft: soft as number, since: 0 - (since as number) }
    },
    async score(member) {
      const score = await redis.zscore(key, member)
      return score === null ? undefined : Number(score)
    },
  }
}

t.test('any call makes a ledger where there is none; not every one takes a number', async (t) => {
  const { run, score } = await bench(t)
  const made = await run()
  t.match(made, { seq: 0, labels: 0, folded: 0 })
  t.same(await run(), made, 'and adopts it where there is one')
  t.equal(await score('#epoch'), -Number(made.epoch), 'what is no number is negative')
  t.ok(((await score('#home')) ?? 0) < 0)
})

t.test('every purge takes the next number and writes it to all its labels', async (t) => {
  const { run, numbers } = await bench(t)
  const { epoch } = await run()
  t.match(await run({ operation: 'hard', labels: [a, b] }), { epoch, seq: 1, labels: 2 })
  t.match(await run({ operation: 'hard', labels: [a] }), { epoch, seq: 2, labels: 2 })
  t.match(await run({ operation: 'soft', labels: [allLabel] }), { epoch, seq: 3, labels: 3 })
  t.match(await run({ operation: 'hard', labels: [] }), { epoch, seq: 4, labels: 3 }, 'without a label too')
  t.same(await numbers(a), { hard: 2, soft: 0, since: 0 })
  t.same(await numbers(b), { hard: 1, soft: 0, since: 0 })
})

t.test('256 labels and more in one purge', async (t) => {
  const { run, numbers } = await bench(t)
  const labels = Array.from({ length: 300 }, (_, i) => keyLabel(`${i}`))
  t.match(await run({ operation: 'hard', labels }), { seq: 1, labels: 300 })
  t.match(await numbers(labels[299] as Label), { hard: 1 })
})

t.test('a number of a label never goes down', async (t) => {
  const { run, numbers, redis } = await bench(t)
  await run()
  await redis.zadd(key, 100, digestLabel(a))
  t.match(await run({ operation: 'hard', labels: [a, b] }), { seq: 1 })
  t.match(await numbers(a), { hard: 100 })
  t.match(await numbers(b), { hard: 1 })
})

t.test('a new epoch when the ledger was lost, is another, or is behind what was seen; else never', async (t) => {
  type Fault = (redis: Redis, epoch: string) => Promise<unknown>
  const nothing: Fault = async () => {}
  const cases: ReadonlyArray<readonly [name: string, fault: Fault, seen: (epoch: string) => ScriptCall['seen'], isNew: boolean]> =
    [
      ['as it was', nothing, () => undefined, false],
      ['at what was seen', nothing, (epoch) => ({ epoch, number: 3 }), false],
      ['ahead of what was seen', nothing, (epoch) => ({ epoch, number: 2 }), false],
      ['more was seen in another epoch', nothing, () => ({ epoch: '5', number: 99 }), false],
      ['the numbers are near their end', (redis) => redis.zadd(key, 2 ** 53 - 1000, '#seq'), () => undefined, false],
      ['behind what was seen', nothing, (epoch) => ({ epoch, number: 4 }), true],
      ['deleted', (redis) => redis.del(key), () => undefined, true],
      ['of another Redis', (redis) => redis.zadd(key, -5, '#home'), () => undefined, true],
      ['without a home', (redis) => redis.zrem(key, '#home'), () => undefined, true],
      ['the numbers are at their end', (redis) => redis.zadd(key, 2 ** 53 - 2, '#seq'), () => undefined, true],
    ]
  for (const [name, fault, seen, isNew] of cases) {
    const { redis, run, numbers } = await bench(t)
    for (let i = 0; i < 3; i += 1) await run({ operation: 'hard', labels: [a] })
    const { epoch } = await run()
    await fault(redis, epoch)
    const after = await run({ seen: seen(epoch) })
    t.equal(after.epoch !== epoch, isNew, name)
    if (!isNew) continue
    t.match(after, { seq: 0, labels: 0 }, `${name}: nothing of the old one is left`)
    t.same(await numbers(a), { hard: 0, soft: 0, since: 0 }, name)
    t.match(await run({ operation: 'hard', labels: [b], seen: { epoch, number: 99 } }), { epoch: after.epoch, seq: 1 }, name)
  }
})

t.test('what is no ledger is left alone', async (t) => {
  const { redis, run } = await bench(t)
  await redis.zadd(key, 7, 'mine')
  await t.rejects(run({ operation: 'hard', labels: [a] }), /^FOREIGN/)
  t.same([await redis.zrange(key, '0', '-1'), await redis.zscore(key, 'mine')], [['mine'], '7'])
})

t.test('a ledger of a newer version is left alone', async (t) => {
  const { redis, run, score } = await bench(t)
  await run()
  t.equal(await score('#version'), -1)
  await redis.zadd(key, -2, '#version')
  await t.rejects(run({ operation: 'tick' }), /^FOREIGN/)
  t.equal(await score('#version'), -2)
})

t.test('a soft purge keeps the older time with the newer number, and past the longest window it is a hard one', async (t) => {
  const bounds = { ...defaultBounds, longestWindow: seconds(60) }
  type Step = readonly [operation: 'hard' | 'soft', after: number, expected: Numbers]
  const at = (after: number): number => now + after * 1000
  const cases: ReadonlyArray<readonly [name: string, steps: readonly Step[]]> = [
    ['one', [['soft', 0, { hard: 0, soft: 1, since: at(0) }]]],
    [
      'again inside the window',
      [
        ['soft', 0, { hard: 0, soft: 1, since: at(0) }],
        ['soft', 30, { hard: 0, soft: 2, since: at(0) }],
        ['soft', 60, { hard: 0, soft: 3, since: at(0) }],
      ],
    ],
    [
      'again beyond it: what the older one marked is gone, what came since is stale from now',
      [
        ['soft', 0, { hard: 0, soft: 1, since: at(0) }],
        ['soft', 61, { hard: 1, soft: 2, since: at(61) }],
      ],
    ],
    [
      'on a clock that went back',
      [
        ['soft', 0, { hard: 0, soft: 1, since: at(0) }],
        ['soft', -10, { hard: 0, soft: 2, since: at(-10) }],
      ],
    ],
    [
      'a hard one clears it',
      [
        ['soft', 0, { hard: 0, soft: 1, since: at(0) }],
        ['hard', 1, { hard: 2, soft: 0, since: 0 }],
        ['soft', 2, { hard: 2, soft: 3, since: at(2) }],
      ],
    ],
  ]
  for (const [name, steps] of cases) {
    const { run, numbers } = await bench(t)
    for (const [operation, after, expected] of steps) {
      await run({ operation, labels: [a], bounds, now: instant(at(after)) })
      t.same(await numbers(a), expected, `${name}: ${operation} after ${after} s`)
    }
  }
})

t.test('above the cap the lowest numbers go, and what was not settled counts for all', async (t) => {
  const { redis, run, numbers } = await bench(t)
  const bounds = { ...defaultBounds, labels: 3 }
  for (let i = 1; i <= 3; i += 1) {
    t.match(await run({ operation: i === 2 ? 'soft' : 'hard', labels: [keyLabel(`${i}`)], bounds }), { labels: i, folded: 0 })
  }
  t.match(await run({ operation: 'hard', labels: [keyLabel('4')], bounds }), { labels: 4, folded: 1 }, 'all is one more')
  t.match(await numbers(keyLabel('1')), { hard: 0 })
  t.match(await numbers(allLabel), { hard: 1 }, 'with the number of what went, no higher')
  await run({ operation: 'hard', labels: [keyLabel('5')], bounds })
  t.match(await numbers(allLabel), { hard: 3 }, 'all itself does not go')
  t.equal(await redis.zscore(key, `${digestLabel(keyLabel('2'))}@`), null, 'the time goes with its number')
  t.match(await numbers(keyLabel('5')), { hard: 5 })
})

t.test(
  'what was purged longer ago than anything lives is dropped for nothing; the age of the rest is proved by a mark',
  async (t) => {
    const day = 86_400_000
    const bounds = { ...defaultBounds, labels: 4 }
    const { redis, run, numbers } = await bench(t)
    for (let i = 1; i <= 4; i += 1) await run({ operation: 'hard', labels: [keyLabel(`${i}`)], bounds })
    // As if a month had gone by: number 2 was reached before it, number 3 an hour ago. The slots are those that no mark of today goes to.
    const today = Math.floor(Date.now() / ((31 * day) / 16)) % 32
    const [long, short] = [(today + 15) % 32, (today + 16) % 32]
    const [then, lately] = [Date.now() - 32 * day, Date.now() - 3_600_000]
    await redis.zadd(key, -then, `#t${long}`, -2, `#n${long}`)
    await redis.zadd(key, -lately, `#t${short}`, -3, `#n${short}`)

    t.match(await run({ operation: 'hard', labels: [keyLabel('5')], bounds }), { labels: 4, folded: 0 })
    t.match(await run({ operation: 'hard', labels: [keyLabel('6')], bounds }), { labels: 4, folded: 0 })
    t.same(await numbers(allLabel), { hard: 0, soft: 0, since: 0 }, 'nothing was purged for them')

    const folding = await run({ operation: 'hard', labels: [keyLabel('7')], bounds })
    t.match(folding, { folded: 1 })
    t.ok(Math.abs(folding.foldedAge - 3600) < 120, `${folding.foldedAge}`)
    t.match(await numbers(allLabel), { hard: 3 })
  },
)

t.test('a shorter life than somebody named before does not free what they still rely on', async (t) => {
  const day = 86_400_000
  const { redis, run, score } = await bench(t)
  const short = { ...defaultBounds, labels: 1, longestLife: seconds(1) }
  await run({ operation: 'hard', labels: [a] })
  await redis.zadd(key, -(Date.now() - day), '#t31', -1, '#n31')
  t.match(await run({ operation: 'hard', labels: [b], bounds: short }), { folded: 1 })
  t.equal(await score('#life'), -31 * day)
})
