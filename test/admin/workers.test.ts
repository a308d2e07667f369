import t from 'tap'
import type { Admin, KeyPage } from '../../src/admin/admin.ts'
import { answerQuestion, askingOperator, type WorkerOperator } from '../../src/admin/worker-operator.ts'
import { createWorkersOperator, NoWorker } from '../../src/admin/workers.ts'
import { instant } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'
import { entryUnder, type FakeState, fakeAdmin, fakeRules, serveAdmin } from './fake-admin.ts'

const never = <T>(): Promise<T> => new Promise(() => {})

/** A worker as the other process sees it: questions, answered by an operator of plain data. */
function workerOf(state: FakeState = {}, changed: Partial<WorkerOperator> = {}): WorkerOperator {
  const admin = fakeAdmin(state)
  const { health, purge, preview, list, show, explain } = admin
  const operator: WorkerOperator = {
    ...{ health, purge, preview, list, show, explain },
    holds: async (keys) => keys.map((key) => state.keys?.includes(key) === true),
    summary: admin.metrics.summary,
    reset: admin.metrics.reset,
    snapshot: async () => [],
    ...changed,
  }
  return askingOperator((question) => answerQuestion(operator, question))
}

const silent: WorkerOperator = askingOperator(never)

interface Setup {
  readonly workers: ReadonlyArray<WorkerOperator | undefined>
  readonly isShared?: boolean
  readonly isClosing?: boolean
}

function operatorOf({ workers, isShared = false, isClosing = false }: Setup): { admin: Admin; clock: TestClock } {
  const clock = makeClock()
  const running = new Map<number, WorkerOperator>()
  for (const [place, worker] of workers.entries()) if (worker !== undefined) running.set(place + 1, worker)
  const admin = createWorkersOperator({
    count: workers.length,
    running: () => running,
    rules: fakeRules,
    defaultHost: () => '0.0.0.0:8080',
    isShared,
    service: 'test',
    isClosing: () => isClosing,
    clock,
  })
  return { admin, clock }
}

/** The answer once so much time has passed as anybody is waited for. */
async function patiently<T>(clock: TestClock, answer: Promise<T>): Promise<T> {
  let isThere = false
  const known = answer.finally(() => {
    isThere = true
  })
  known.catch(() => {})
  while (!isThere) {
    for (let turn = 0; turn < 50; turn += 1) await null
    if (!isThere) clock.advance(100)
    await new Promise((next) => setImmediate(next))
  }
  return known
}

t.test('health is added up, and ready only when every worker is', async (t) => {
  const origin = { isReachable: true, circuit: 'half-open', inFlight: 2, queued: 1, addresses: [] } as const
  const well = operatorOf({ workers: [workerOf(), workerOf({ health: { origin } })] })
  t.match(await well.admin.health(), {
    isReady: true,
    reasons: [],
    store: { keys: 6, bytes: 8192, isConnected: true },
    origin: { isReachable: true, circuit: 'half-open', inFlight: 2, queued: 1 },
  })
  const ill = workerOf({ health: { isReady: false, reasons: ['The origin cannot be reached'] } })
  t.match(await operatorOf({ workers: [workerOf(), ill] }).admin.health(), {
    isReady: false,
    reasons: ['The origin cannot be reached'],
  })
  const starting = await operatorOf({ workers: [workerOf(), undefined] }).admin.health()
  t.match(starting, { isReady: false, reasons: ['Worker 2 does not answer, or is starting'], store: { keys: 3 } })
  t.match(await operatorOf({ workers: [workerOf()], isClosing: true }).admin.health(), {
    isReady: false,
    reasons: ['The proxy is shutting down'],
  })
  t.match(await operatorOf({ workers: [undefined] }).admin.health(), { isReady: false, store: { keys: undefined } })
})

t.test('a worker that does not answer is named after two seconds', async (t) => {
  const { admin, clock } = operatorOf({ workers: [workerOf(), silent] })
  const start = clock.monotonic()
  t.match(await patiently(clock, admin.health()), { isReady: false, reasons: [/^Worker 2 does not answer/] })
  t.equal(clock.monotonic() - start, 2000)
  t.match(await patiently(clock, admin.metrics.summary()), { hits: 0, silent: [2] })
  t.match(await patiently(clock, admin.metrics.exposition()), /state="silent"\} 1$/m)
  const failing = workerOf({}, { summary: async () => Promise.reject(new Error('It has ended')) })
  t.match(await operatorOf({ workers: [failing, workerOf()] }).admin.metrics.summary(), { silent: [1] })
  t.equal(clock.pending(), 0, 'nobody is waited for any longer')
})

t.test('what one can answer is asked of the first that is awake, and nobody answers with NoWorker', async (t) => {
  const two = operatorOf({ workers: [silent, workerOf()] })
  const start = two.clock.monotonic()
  t.match(await patiently(two.clock, two.admin.purge({} as never)), { labels: ['t:badges'], result: { kind: 'done' } })
  t.match(await patiently(two.clock, two.admin.explain({} as never)), { rule: 'badges' })
  t.equal(two.clock.monotonic(), start)
  for (const workers of [[silent], [undefined], [workerOf({}, { explain: never })]]) {
    const { admin, clock } = operatorOf({ workers })
    await t.rejects(patiently(clock, admin.explain({} as never)), NoWorker)
  }
  t.equal(two.admin.defaultHost(), 'localhost:8080')
  const served = await serveAdmin(t, operatorOf({ workers: [undefined] }).admin)
  t.match(await served.ask('/metrics/cache'), { status: 503, json: { error: 'No worker answers' } })
})

async function pagesOf(admin: Admin, clock: TestClock): Promise<KeyPage[]> {
  const pages: KeyPage[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page: KeyPage = await patiently(clock, admin.list('*', { cursor, count: 2 }))
    pages.push(page)
    cursor = page.cursor
  }
  return pages
}

t.test('keys are listed from one worker after the other, each key once; in a shared store by any', async (t) => {
  const one = workerOf({ keys: ['a', 'b', 'c'] })
  const two = workerOf({ keys: ['b', 'c', 'd'] })
  const { admin, clock } = operatorOf({ workers: [one, two] })
  t.same(
    (await pagesOf(admin, clock)).flatMap(({ keys }) => keys),
    ['a', 'b', 'c', 'd'],
  )
  const gap = operatorOf({ workers: [one, undefined, silent, two] })
  const pages = await pagesOf(gap.admin, gap.clock)
  t.same(
    pages.flatMap(({ keys }) => keys),
    ['a', 'b', 'c', 'd'],
  )
  t.same(
    pages.flatMap((page) => page.silent ?? []),
    [3],
  )
  const shared = operatorOf({ workers: [one, one], isShared: true })
  t.same(
    (await pagesOf(shared.admin, shared.clock)).flatMap(({ keys }) => keys),
    ['a', 'b', 'c'],
  )
  t.match(await admin.preview({} as never, { cursor: '', count: 9 }), { labels: ['t:badges'], keys: ['a', 'b'], cursor: '1/2' })
  t.same((await admin.list('*', { cursor: '9/', count: 2 })).cursor, '1/2', 'a worker that is no more: from the start')
})

t.test('of one key in several stores what is valid is shown, then what was fetched last', async (t) => {
  const purged = { ...entryUnder('k', { responseTime: instant(3) }), validity: { kind: 'purged' } } as ReturnType<
    typeof entryUnder
  >
  const older = entryUnder('k', { responseTime: instant(1) })
  const newer = entryUnder('k', { responseTime: instant(2) })
  const { admin } = operatorOf({ workers: [purged, newer, older].map((shown) => workerOf({ shown: [shown] })) })
  t.match(await admin.show('k'), { entry: { responseTime: 2 }, validity: { kind: 'valid' } })
  t.equal(await admin.show('nothing'), undefined)
})

t.test('a reset reaches every worker', async (t) => {
  let resets = 0
  const reset = async (): Promise<void> => {
    resets += 1
  }
  const counting = (): WorkerOperator => workerOf({}, { reset })
  await operatorOf({ workers: [counting(), counting()] }).admin.metrics.reset()
  t.equal(resets, 2)
})
