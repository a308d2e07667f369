/** Raising labels in the ledger, for writes and for the admin: one purge per kind, counted and reported. Nothing is searched, nothing deleted. */
import type { Label } from '../cache/label.ts'
import type { Receipt } from '../ledger/ledger.ts'
import type { Parts } from './parts.ts'

export interface PurgeWork {
  readonly causes: readonly string[]
  readonly hard: ReadonlySet<Label>
  readonly soft: ReadonlySet<Label>
  /** How many templates had to reach further than they were written. */
  readonly widened: number
}

type Done = Extract<Receipt, { kind: 'done' }>

export type PurgeResult =
  | { readonly kind: 'done'; readonly number: number | undefined; readonly raised: readonly Done[] }
  | { readonly kind: 'queued'; readonly waiting: number }

/** `done`: nothing that was fetched before is served by this process any more. `queued`: the ledger did not take it. Never rejects. */
export async function purge(parts: Parts, work: PurgeWork): Promise<PurgeResult> {
  const [hard, soft] = await Promise.all([raise(parts, work, 'hard'), raise(parts, work, 'soft')])
  if (hard?.kind === 'queued') return hard
  if (soft?.kind === 'queued') return soft
  const raised = [hard, soft].filter((done) => done !== undefined)
  return { kind: 'done', number: raised[0]?.number, raised }
}

async function raise(parts: Parts, work: PurgeWork, kind: 'hard' | 'soft'): Promise<Receipt | undefined> {
  const labels = kind === 'hard' ? [...work.hard] : [...work.soft].filter((label) => !work.hard.has(label))
  if (labels.length === 0) return undefined
  const receipt = await parts.ledger.purge(labels, kind)
  parts.observer.purged({ causes: work.causes, kind, labels: labels.length, widened: work.widened, result: receipt.kind })
  return receipt
}
