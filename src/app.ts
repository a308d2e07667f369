/**
 * The composition root: the only file that names concretes. It puts store, ledger, origin, rules, proxy, public edge and operator's edge
 * together, swaps the rules on a reload, and takes everything down in order.
 */
import { healthOf } from './admin/health.ts'
import { createOperator } from './admin/operator.ts'
import { type AdminServer, createAdmin } from './admin/server.ts'
import { createWorkerOperator, type WorkerOperator } from './admin/worker-operator.ts'
import type { HubChannel } from './ledger/siblings.ts'
import { createLog, type Log } from './observe/log.ts'
import { createMetrics } from './observe/metrics.ts'
import { adminCause, uriCause } from './observe/tally.ts'
import { createOrigin } from './origin/client.ts'
import { startProbe } from './origin/probe.ts'
import { createTunnel } from './origin/tunnel.ts'
import { Background } from './proxy/background.ts'
import { Flights } from './proxy/collapse.ts'
import { reportRefusal, reportUpgrade } from './proxy/edge-report.ts'
import { ownFields } from './proxy/forward.ts'
import { handle } from './proxy/handle.ts'
import { enforce, type InForce } from './proxy/in-force.ts'
import { Landings } from './proxy/landing.ts'
import { createObserver } from './proxy/observer.ts'
import type { Memory, Parts } from './proxy/parts.ts'
import { Remembered } from './proxy/remembered.ts'
import type { RuleSet } from './rules/rule.ts'
import { createListener } from './server/listener.ts'
import type { Settings } from './settings/settings.ts'
import { openTier } from './tier.ts'
import { type Clock, type Milliseconds, milliseconds, systemClock } from './time.ts'

export interface AppOptions {
  readonly settings: Settings
  /** Parsed and without errors. */
  readonly rules: RuleSet
  /** Where `jwt.secret_env` is looked up. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log?: Log
  readonly clock?: Clock
  /** This process is one of several on one port, which one other starts and answers the operator for. */
  readonly worker?: { readonly hub: HubChannel }
}

/** A proxy that listens, in this process or in several. */
export interface Running {
  /** `http://host:port` of the public and of the operator's edge. */
  readonly address: string
  readonly admin: string
  readonly store: 'memory' | 'redis'
  readonly log: Log
  /** Swaps the rules whole; `text` is what they were read from. A request under way keeps those it began with. */
  reload(rules: RuleSet, text: string): void
  /** Not ready first, then no new connections; what is in flight ends within the drain timeout. */
  close(): Promise<void>
}

export interface App extends Running {
  /** Empty for one of several workers, which has no edge for operators. */
  readonly admin: string
  /** What takes the place of that edge there. */
  readonly operator: WorkerOperator
  /** For tests that look inside. */
  readonly parts: Parts
  reload(rules: RuleSet): void
}

/** A set-up that cannot be started; the message says what to change. */
export class StartRefused extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StartRefused'
  }
}

export async function start(options: AppOptions): Promise<App> {
  const { settings, env } = options
  const clock = options.clock ?? systemClock
  const log = options.log ?? createLog(settings.log)
  const metrics = createMetrics(settings.service, clock)
  let inForce = put(options.rules)

  function put(rules: RuleSet): InForce {
    metrics.declareRules([...rules.rules.map(({ name }) => name), ...ownCauses])
    return enforce(rules, { paths: settings.origin.paths, secret: (name) => secretOf(env, name) })
  }

  const tier = await openTier({
    settings,
    prefix: options.rules.prefix,
    rules: () => inForce.label,
    clock,
    log,
    hub: options.worker?.hub,
  })
  const origin = createOrigin(settings.origin, clock)
  const tunnel = createTunnel(settings.origin, clock)
  const probe = await startProbe(settings.origin.addresses, clock, (isReachable) => {
    log.reportChange('origin', isReachable ? 'reachable' : 'unreachable', { addresses: settings.origin.addresses })
  })
  const observer = createObserver({ metrics, log, tier: tier.kind })
  const parts: Parts = {
    settings: {
      originHost: settings.origin.host,
      jsonLimit: settings.jsonLimit,
      sendForwarded: settings.server.forwarded,
      sendVia: settings.server.via,
      originPatience: settings.origin.totalTimeout || unlimitedPatience,
      maxEntry: settings.store.maxEntry,
      compressAbove: tier.compressAbove,
    },
    clock,
    inForce: () => inForce,
    store: tier.store,
    ledger: tier.ledger,
    local: tier.local,
    isShared: tier.isShared,
    turns: tier.turns,
    origin,
    flights: new Flights(),
    landings: new Landings(),
    memory: createMemory(),
    background: new Background(maxBackground, (error) => observer.fault(error)),
    observer,
  }
  metrics.watch({
    tiers: () => tier.statuses(),
    originInFlight: () => origin.status().inFlight,
    ledger: () => tier.ledger.status(),
  })

  const listener = createListener({
    settings: settings.server,
    clock,
    handle: (exchange) => handle(exchange, parts),
    upgrade: (upgrade) => {
      const fields = ownFields(upgrade.request.fields, upgrade, parts.settings)
      tunnel.upgrade({ ...upgrade, fields }, (status) => reportUpgrade(parts, upgrade.startedAt, status))
    },
    refused: ({ reason, status }) => reportRefusal(parts, { reason, status }),
    fault: (error) => observer.fault(error),
    isPortShared: options.worker !== undefined,
  })
  let isClosing = false
  let address = ''
  const health = async () => healthOf({ parts, hasConnected: probe.hasConnected, isClosing })
  const operator = createOperator({ parts, metrics, health, defaultHost: () => new URL(address).host })
  const admin = options.worker === undefined ? createAdmin(operator, { ...settings.admin, log, clock }) : noAdmin

  /** In order: whoever is served first, then what works for nobody any more, then what they all stood on. */
  async function close(): Promise<void> {
    isClosing = true
    probe.stop()
    await Promise.all([listener.drain(settings.drainTimeout), tunnel.close(settings.drainTimeout)])
    await origin.close(0)
    await parts.background.drain()
    await admin.close()
    await tier.close()
    await log.flush()
  }

  try {
    address = urlOf(await refuse(listener.listen(), { ...settings.server, path: 'server' }))
    const operated = await refuse(admin.listen(), { ...settings.admin, path: 'admin' })
    return {
      address,
      admin: operated.address,
      store: tier.kind,
      log,
      parts,
      operator: createWorkerOperator(operator, { metrics, parts }),
      reload(rules) {
        const before = inForce
        inForce = put(rules)
        if (before.label !== inForce.label) tier.rulesChanged(before.label)
        log.event('info', 'rules-reloaded', { rules: rules.rules.length, hash: rules.hash })
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Where to reach a listener that may listen everywhere. */
export function urlOf({ address, port }: { readonly address: string; readonly port: number }): string {
  const isAnywhere = address === '0.0.0.0' || address === '::'
  const host = address.includes(':') ? `[${address}]` : address
  return `http://${isAnywhere ? 'localhost' : host}:${port}`
}

/** Of a worker: who asks it comes through the one that started it. */
const noAdmin: AdminServer = { listen: async () => ({ address: '' }), close: async () => {} }

/** A write whose origin may take as long as it likes is thought to be done by then. */
const unlimitedPatience: Milliseconds = milliseconds(120_000)

/** Causes of purges that are no rules; the metrics know them by name. */
const ownCauses = [uriCause, adminCause]
/** Refreshes at once, over all keys. */
const maxBackground = 256

export function secretOf(env: AppOptions['env'], name: string): string {
  const secret = env[name]
  if (secret !== undefined && secret !== '') return secret
  throw new StartRefused(
    `The rules verify tokens with the secret in ${name}, and ${name} is not set: set it, or remove identity.jwt`,
  )
}

export interface Wanted {
  readonly host: string
  readonly port: number
  /** The settings' section that says so. */
  readonly path: 'server' | 'admin'
}

/** Turns what keeps a listener from listening into what to change. */
export async function refuse<T>(listening: Promise<T>, { host, port, path }: Wanted): Promise<T> {
  try {
    return await listening
  } catch (error) {
    const where = `${host}:${port}`
    const variable = path === 'admin' ? 'ADMIN_' : ''
    const { code } = ((error as Error).cause ?? error) as { code?: unknown }
    if (code === 'EADDRINUSE')
      throw new StartRefused(`${where} is in use: stop what listens there, or set another ${path}.port (${variable}PORT)`, error)
    if (code === 'EACCES')
      throw new StartRefused(`${where} needs privileges: set ${path}.port (${variable}PORT) to one above 1023`, error)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new StartRefused(`${where} is no address of this machine: set another ${path}.host (${variable}HOST)`, error)
    throw error
  }
}

function createMemory(): Memory {
  return {
    hitForMiss: new Remembered(100_000),
    credentialsNeeded: new Remembered(10_000),
    tooLarge: new Remembered(10_000),
    selectors: new Remembered(100_000),
    refreshPaused: new Remembered(10_000),
    renewed: new Remembered(10_000),
    uses: new Remembered(100_000),
  }
}
