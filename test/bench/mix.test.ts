import t from 'tap'
import { createMix, type MixedRequest, userCount } from '../../bench/mix.ts'
import { startClient } from '../example/client.ts'

const count = 200_000
const next = createMix(1)
const drawn: MixedRequest[] = Array.from({ length: count }, () => next())
const reads = drawn.filter(({ isWrite }) => !isWrite)
const writes = drawn.filter(({ isWrite }) => isWrite)
const share = (of: readonly MixedRequest[], kind: string): number => of.filter((each) => each.kind === kind).length / of.length

t.test('createMix: the shares are what they are said to be', async (t) => {
  const near = (actual: number, wanted: number, name: string) => t.ok(Math.abs(actual - wanted) < 0.01, `${name}: ${actual}`)
  near(writes.length / count, 0.05, 'writes')
  near(share(reads, 'free'), 0.5, 'free')
  near(share(reads, 'detail'), 0.4, 'detail')
  near(share(reads, 'list'), 0.05, 'list')
  near(share(reads, 'slots'), 0.05, 'slots')
  near(share(writes, 'booking'), 0.2, 'booking')
  near(share(writes, 'cart') + share(writes, 'rsvp'), 0.8, 'the rest')
})

t.test('createMix: popularity falls as one over the rank, over 200 experiences', async (t) => {
  const details = reads.filter(({ kind }) => kind === 'detail').map(({ path }) => Number(path.split('/').at(-1)))
  const asked = (rank: number) => details.filter((id) => id === rank).length
  t.equal(new Set(details).size, 200)
  t.equal(Math.max(...details), 200)
  t.ok(Math.abs(asked(1) / asked(2) - 2) < 0.2)
  t.ok(Math.abs(asked(1) / asked(10) - 10) < 2)
})

t.test('createMix: no write touches what is read as free', async (t) => {
  const free = new Set(reads.filter(({ kind }) => kind === 'free').map(({ path }) => path))
  const touched = writes.map(({ path }) => path.replace('/rsvp', '')).filter((path) => free.has(path))
  t.same(touched, [])
  t.notOk(free.has('/api/events'), 'the list of events goes with every RSVP')
})

t.test('createMix: the seed decides', async (t) => {
  const [one, same, other] = [createMix(7), createMix(7), createMix(8)]
  const first = Array.from({ length: 100 }, () => one())
  t.same(
    first,
    Array.from({ length: 100 }, () => same()),
  )
  t.notSame(
    first,
    Array.from({ length: 100 }, () => other()),
  )
})

t.test('createMix: the example origin answers all of it', async (t) => {
  const { call } = await startClient(t)
  const kinds = new Set<string>()
  for (const { kind, method, path, body, user } of drawn.slice(0, 400)) {
    const { status } = await call(`${method} ${path}`, { as: `visitor-${user}`, ...(body !== undefined && { body }) })
    if (status > 201 || user < 0 || user >= userCount) t.fail(`${method} ${path} by ${user}: ${status}`)
    kinds.add(kind)
  }
  t.equal(kinds.size, 7)
})
