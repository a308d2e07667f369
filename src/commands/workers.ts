/**
 * Several workers on one port, started and kept by this process, which answers no request itself: it carries their purges, gives each the same
 * rules, and answers the operator for all of them.
 */
import { availableParallelism } from 'node:os'
import { createAdmin } from '../admin/server.ts'
import type { WorkerOperator } from '../admin/worker-operator.ts'
import { createWorkersOperator } from '../admin/workers.ts'
import { type AppOptions, type Running, refuse, secretOf, urlOf } from '../app.ts'
import { SiblingHub } from '../ledger/sibling-hub.ts'
import { createLog } from '../observe/log.ts'
import { enforce } from '../proxy/in-force.ts'
import type { RuleSet } from '../rules/rule.ts'
import { probePort } from '../server/bind.ts'
import { type Clock, milliseconds, systemClock } from '../time.ts'
import type { RulesSource } from './rules-file.ts'
import { type WorkerPlan, WorkerProcess } from './worker-process.ts'

export interface WorkersOptions extends Pick<AppOptions, 'settings' | 'rules' | 'env'> {
  readonly source: RulesSource
  /** What the rules were read from. */
  readonly text: string
}

/** 0 means one for each CPU. */
export function countOfWorkers(wanted: number): number {
  return wanted === 0 ? availableParallelism() : wanted
}

/** Resolves when every worker listens; rejects with what the first of them says that cannot start. */
export async function startWorkers({ settings, rules, env, source, text }: WorkersOptions): Promise<Running> {
  const clock: Clock = systemClock
  const log = createLog(settings.log)
  const check = (set: RuleSet): void => {
    enforce(set, { paths: settings.origin.paths, secret: (name) => secretOf(env, name) })
  }
  check(rules)
  let inForce = { rules, text }
  const bound = await refuse(probePort(settings.server), { ...settings.server, path: 'server' })
  const address = urlOf(bound)
  const shared = { ...settings, server: { ...settings.server, port: bound.port } }

  const places: WorkerProcess[] = []
  let isClosing = false
  const admin = createAdmin(
    createWorkersOperator({
      count: countOfWorkers(settings.workers),
      running: () => operatorsOf(places),
      rules: () => inForce.rules,
      defaultHost: () => new URL(address).host,
      isShared: settings.redis !== undefined,
      service: settings.service,
      isClosing: () => isClosing,
      clock,
    }),
    { ...settings.admin, log, clock },
  )
  const operated = await refuse(admin.listen(), { ...settings.admin, path: 'admin' })

  const hub = new SiblingHub(clock)
  const planOf = (number: number): WorkerPlan => ({
    number,
    env,
    start: () => ({ settings: shared, rules: { text: inForce.text, name: source.name, defaults: source.defaults }, number }),
    hub,
    log,
    clock,
  })
  for (let number = 1; number <= countOfWorkers(settings.workers); number += 1) places.push(new WorkerProcess(planOf(number)))
  // However this process ends, none of them stays behind and holds the port.
  process.once('exit', () => {
    for (const place of places) place.kill()
  })

  async function close(): Promise<void> {
    isClosing = true
    const late = clock.after(milliseconds(settings.drainTimeout + grace), () => {
      for (const place of places) place.kill()
    })
    await Promise.all(places.map((place) => place.stop()))
    late.cancel()
    await admin.close()
    await log.flush()
  }

  try {
    const [first] = await Promise.all(places.map((place) => place.ready))
    return {
      address,
      admin: operated.address,
      store: first?.store ?? 'memory',
      log,
      reload(next, nextText) {
        check(next)
        inForce = { rules: next, text: nextText }
        for (const place of places) place.reload(nextText)
      },
      close,
    }
  } catch (error) {
    for (const place of places) place.kill()
    await close()
    throw error
  }
}

/** For what follows the drain; a worker that was stopped by its user never ends by itself. */
const grace = 5000

function operatorsOf(places: readonly WorkerProcess[]): Map<number, WorkerOperator> {
  const running = new Map<number, WorkerOperator>()
  for (const [place, { operator }] of places.entries()) if (operator !== undefined) running.set(place + 1, operator)
  return running
}
