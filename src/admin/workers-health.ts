/** The health of several workers as one: ready when each of them is, and as well as the worst of them. */
import type { LedgerStatus } from '../ledger/ledger.ts'
import type { OriginStatus } from '../origin/origin.ts'
import type { StoreStatus } from '../store/store.ts'
import type { Health } from './admin.ts'

/** What the workers answered, by their numbers, and who did not. */
export interface Answered<T> {
  readonly answers: ReadonlyArray<readonly [number: number, answer: T]>
  readonly silent: readonly number[]
}

export function healthTogether({ answers, silent }: Answered<Health>, isClosing: boolean): Health {
  const all = answers.map(([, health]) => health)
  const reasons = new Set(all.flatMap((health) => health.reasons))
  for (const number of silent) reasons.add(`Worker ${number} does not answer, or is starting`)
  if (isClosing) reasons.add('The proxy is shutting down')
  return {
    isReady: silent.length === 0 && !isClosing && all.every(({ isReady }) => isReady),
    reasons: [...reasons],
    store: all.map(({ store }) => store).reduce(storesTogether, noStore),
    ledger: all.map(({ ledger }) => ledger).reduce(ledgersTogether, noLedger),
    origin: all.map(({ origin }) => origin).reduce(originsTogether, noOrigin),
  }
}

const noStore: StoreStatus = {
  kind: 'memory',
  isConnected: true,
  keys: undefined,
  bytes: undefined,
  evictions: 0,
  undecodable: 0,
}

function storesTogether(one: StoreStatus, other: StoreStatus): StoreStatus {
  return {
    kind: other.kind,
    isConnected: one.isConnected && other.isConnected,
    keys: sum(one.keys, other.keys),
    bytes: sum(one.bytes, other.bytes),
    evictions: one.evictions + other.evictions,
    undecodable: one.undecodable + other.undecodable,
  }
}

const noLedger: LedgerStatus = {
  kind: 'memory',
  isConnected: true,
  epoch: undefined,
  seq: undefined,
  labels: undefined,
  waiting: 0,
  folds: 0,
}

/** Each has numbers of its own, or all have the same. */
function ledgersTogether(one: LedgerStatus, other: LedgerStatus): LedgerStatus {
  return {
    kind: other.kind,
    isConnected: one.isConnected && other.isConnected,
    epoch: one.epoch ?? other.epoch,
    seq: most(one.seq, other.seq),
    labels: most(one.labels, other.labels),
    waiting: one.waiting + other.waiting,
    folds: Math.max(one.folds, other.folds),
  }
}

const noOrigin: OriginStatus = { isReachable: true, circuit: 'closed', inFlight: 0, queued: 0, addresses: [] }
const circuits: ReadonlyArray<OriginStatus['circuit']> = ['closed', 'half-open', 'open']

function originsTogether(one: OriginStatus, other: OriginStatus): OriginStatus {
  const worst = Math.max(circuits.indexOf(one.circuit), circuits.indexOf(other.circuit))
  return {
    isReachable: one.isReachable && other.isReachable,
    circuit: circuits[worst] ?? 'open',
    inFlight: one.inFlight + other.inFlight,
    queued: one.queued + other.queued,
    addresses: other.addresses.map(({ url, isUp }) => ({
      url,
      isUp: isUp && one.addresses.find((address) => address.url === url)?.isUp !== false,
    })),
  }
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : one + (other ?? 0)
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.max(one, other ?? one)
}
