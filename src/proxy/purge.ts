/** Raising labels in the ledger, for writes and for the admin: one purge per kind, counted and reported. Nothing is searched, nothing deleted. */
import type { Label } from '../cache/label.ts'
import type { Intent, Receipt } from '../ledger/ledger.ts'
import type { Milliseconds } from '../time.ts'
import type { Parts } from './parts.ts'

export interface PurgeWork {
  readonly causes: readonly string[]
  readonly hard: ReadonlySet<Label>
  readonly soft: ReadonlySet<Label>
  /** How many templates had to reach further than they were written. */
  readonly widened: number
  /** When all of it is purged once more, each time counted from now. */
  readonly again?: readonly Milliseconds[]
}

type Done = Extract<Receipt, { kind: 'done' }>

export type PurgeResult =
  | { readonly kind: 'done'; readonly number: number | undefined; readonly raised: readonly Done[] }
  | { readonly kind: 'queued'; readonly waiting: number }

/**
 * `done`: nothing that was fetched before is served by this process any more. `queued`: the ledger did not take it. `intent` is what it fulfils.
 * Never rejects.
 */
export async function purge(parts: Parts, work: PurgeWork, intent?: Intent): Promise<PurgeResult> {
  const soft = new Set([...work.soft].filter((label) => !work.hard.has(label)))
  // They leave in this order: who sees the last one done, and the intent gone, has the others as well.
  const [hardReceipt, softReceipt] = await Promise.all([
    raise(parts, work, { kind: 'hard', labels: work.hard, intent: soft.size === 0 ? intent : undefined }),
    raise(parts, work, { kind: 'soft', labels: soft, intent }),
  ])
  if (hardReceipt?.kind === 'queued') return hardReceipt
  if (softReceipt?.kind === 'queued') return softReceipt
  const raised = [hardReceipt, softReceipt].filter((done) => done !== undefined)
  return { kind: 'done', number: raised[0]?.number, raised }
}

interface Raise {
  readonly kind: 'hard' | 'soft'
  readonly labels: ReadonlySet<Label>
  readonly intent: Intent | undefined
}

/** The ledger repeats a purge once: each further repetition is a purge of its own, which costs no more than a number. */
async function raise(parts: Parts, work: PurgeWork, { kind, labels, intent }: Raise): Promise<Receipt | undefined> {
  if (labels.size === 0) return undefined
  const { again = [] } = work
  const purges = (again.length === 0 ? [undefined] : again).map((after, i, all) =>
    parts.ledger.purge([...labels], kind, { again: after, intent: i === all.length - 1 ? intent : undefined }),
  )
  const receipts = await Promise.all(purges)
  const receipt = receipts.find((one) => one.kind === 'queued') ?? (receipts[0] as Receipt)
  parts.observer.purged({ causes: work.causes, kind, labels: labels.size, widened: work.widened, result: receipt.kind })
  return receipt
}
