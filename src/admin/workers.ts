/**
 * One operator for several workers: what each says of itself is put together, and what needs only one of them is asked of the first that
 * answers. One that does not answer in time is named, and nothing waits for it.
 */
import { expositionType } from '../observe/metrics.ts'
import { exposeTogether, summariseTogether } from '../observe/together.ts'
import type { RuleSet } from '../rules/rule.ts'
import { type Clock, milliseconds } from '../time.ts'
import type { Admin, Gathered, Health, KeyPage, PageRequest, Shown } from './admin.ts'
import { ownHosts } from './operator.ts'
import type { WorkerOperator } from './worker-operator.ts'
import { type Answered, healthTogether } from './workers-health.ts'

export interface Workers {
  /** How many there should be. */
  readonly count: number
  /** Those that run, by their number. */
  running(): ReadonlyMap<number, WorkerOperator>
  readonly rules: () => RuleSet
  readonly defaultHost: () => string
  /** Whether entries lie in one store for all of them. */
  readonly isShared: boolean
  readonly service: string
  readonly isClosing: () => boolean
  readonly clock: Clock
}

/** For a worker that is well it is milliseconds. */
const patience = milliseconds(2000)
/** A purge waits for siblings that are stopped until their lease has run out. */
const purgePatience = milliseconds(6000)

export class NoWorker extends Error {
  constructor() {
    super('No worker answers')
    this.name = 'NoWorker'
  }
}

export function createWorkersOperator(workers: Workers): Admin {
  const { clock } = workers

  async function inTime<T>(answer: Promise<T>, limit = patience): Promise<T | undefined> {
    const late = Promise.withResolvers<undefined>()
    const timer = clock.after(limit, () => late.resolve(undefined))
    // One that ended while it was asked is as silent as one that is stopped.
    const known = answer.catch(() => undefined)
    return Promise.race([known, late.promise]).finally(() => timer.cancel())
  }

  async function gather<T>(ask: (worker: WorkerOperator) => Promise<T>): Promise<Answered<T>> {
    const answers = new Map<number, T>()
    await Promise.all(
      [...workers.running()].map(async ([number, worker]) => {
        const answer = await inTime(ask(worker).then((value) => ({ value })))
        if (answer !== undefined) answers.set(number, answer.value)
      }),
    )
    const numbers = Array.from({ length: workers.count }, (_, place) => place + 1)
    return {
      answers: [...answers].sort(([one], [other]) => one - other),
      silent: numbers.filter((number) => !answers.has(number)),
    }
  }

  /** The first that answers anything: one that is stopped would keep everybody waiting. */
  async function anyone(): Promise<WorkerOperator> {
    const awake = [...workers.running().values()].map((worker) => worker.holds([]).then(() => worker))
    const found = awake.length === 0 ? undefined : await inTime(Promise.any(awake))
    if (found === undefined) throw new NoWorker()
    return found
  }

  /** Asks one of them; a fault of its own is the answer, silence is not waited for. */
  async function askOne<T>(ask: (worker: WorkerOperator) => Promise<T>, limit = patience): Promise<T> {
    const answer = await inTime(
      ask(await anyone()).then((value) => ({ value })),
      limit,
    )
    if (answer === undefined) throw new NoWorker()
    return answer.value
  }

  /**
   * Through one worker after the other; the cursor says whose page is next. A key that one further ahead has as well was on its pages.
   */
  async function pageOf<Page extends KeyPage>(
    { cursor, count }: PageRequest,
    ask: (worker: WorkerOperator, page: PageRequest) => Promise<Page>,
  ): Promise<Page & Gathered> {
    if (workers.isShared) return askOne((worker) => ask(worker, { cursor, count }))
    const [, whose = '1', within = ''] = /^(\d{1,4})\/(.*)$/s.exec(cursor) ?? []
    const running = [...workers.running()].sort(([one], [other]) => one - other)
    const [number, worker] = running.find(([number]) => number >= Number(whose)) ?? running[0] ?? []
    if (number === undefined || worker === undefined) throw new NoWorker()
    const next = running.find(([other]) => other > number)?.[0]
    const page = await inTime(ask(worker, { cursor: number === Number(whose) ? within : '', count }))
    if (page === undefined) {
      const rest = next === undefined ? undefined : `${next}/`
      // Whatever else a page has, another worker can say.
      return { ...(await askOne((other) => ask(other, { cursor: 'end', count }))), keys: [], cursor: rest, silent: [number] }
    }
    const before = running.filter(([other]) => other < number).map(([, other]) => inTime(other.holds(page.keys)))
    const held = await Promise.all(before)
    const keys = page.keys.filter((_, place) => held.every((holds) => holds?.[place] !== true))
    const after = next === undefined ? undefined : `${next}/`
    return { ...page, keys, cursor: page.cursor === undefined ? after : `${number}/${page.cursor}` }
  }

  async function show(key: string): Promise<Shown | undefined> {
    if (workers.isShared) return askOne((worker) => worker.show(key))
    const { answers } = await gather((worker) => worker.show(key))
    return answers.map(([, shown]) => shown).reduce((best, shown) => (isBetter(shown, best) ? shown : best), undefined)
  }

  return {
    metrics: {
      contentType: expositionType,
      async exposition() {
        const { answers, silent } = await gather((worker) => worker.snapshot())
        return exposeTogether(
          answers.map(([, snapshot]) => snapshot),
          { service: workers.service, silent: silent.length },
        )
      },
      async summary() {
        const { answers, silent } = await gather((worker) => worker.summary())
        const summary = summariseTogether(answers.map(([, one]) => one))
        if (summary === undefined) throw new NoWorker()
        return { ...summary, ...named(silent) }
      },
      async reset() {
        await gather((worker) => worker.reset())
      },
    },
    async health(): Promise<Health> {
      const isClosing = workers.isClosing()
      return healthTogether(await gather((worker) => worker.health()), isClosing)
    },
    rules: workers.rules,
    defaultHost: () => ownHosts(workers.defaultHost())[0] as string,
    // Their ledgers tell each other, so one is enough; it waits for the others.
    purge: (order) => askOne((worker) => worker.purge(order), purgePatience),
    preview: (order, page) => pageOf(page, (worker, request) => worker.preview(order, request)),
    list: (match, page) => pageOf(page, (worker, request) => worker.list(match, request)),
    show,
    explain: (request) => askOne((worker) => worker.explain(request)),
  }
}

function named(silent: readonly number[]): Gathered {
  return silent.length === 0 ? {} : { silent }
}

/** Of the same key in several stores: what may still be used, then what was fetched last. */
function isBetter(shown: Shown | undefined, best: Shown | undefined): boolean {
  if (shown === undefined) return false
  if (best === undefined || shown.kind !== 'entry' || best.kind !== 'entry') return best === undefined
  const [isValid, wasValid] = [shown.validity.kind === 'valid', best.validity.kind === 'valid']
  return isValid === wasValid ? shown.entry.responseTime > best.entry.responseTime : isValid
}
