/**
 * One tick: this instance says that it lives, and hears which epoch and number the ledger has. Then it does what stands between it and a lease:
 * takes over another epoch, replays what Redis had not taken, and applies what the stream has not brought.
 */
import { maxLabelsPerPurge } from '../cache/label.ts'
import type { LedgerImage } from './image.ts'
import type { Journal } from './journal.ts'
import type { Lease } from './lease.ts'
import type { LedgerLink } from './link.ts'
import type { OpenWork } from './open-work.ts'
import type { StreamRecord } from './record.ts'
import type { ScriptReply } from './script.ts'
import { readMissing } from './stream.ts'

export interface Ticking {
  readonly link: LedgerLink
  readonly image: LedgerImage
  readonly lease: Lease
  readonly journal: Journal
  readonly work: OpenWork
}

/** Undefined: not everything could be made good yet. Otherwise this instance may be attached. Rejects where Redis is out of reach or refuses. */
export async function tick(ticking: Ticking): Promise<'whole' | undefined> {
  const { link, image } = ticking
  const rules = link.rules()
  const reply = await link.run('tick')
  if (reply.wereAllSilent) link.report({ kind: 'all-silent' })
  if (reply.completed > 0) link.report({ kind: 'completed', intents: reply.completed })
  await adopt(ticking, reply)
  const isReplayed = await replay(ticking, reply.epoch)
  await catchUp(ticking, reply.epoch, reply.seq)
  const isWhole = image.epoch === reply.epoch && image.applied >= reply.seq
  return isReplayed && isWhole && rules === link.rules() ? 'whole' : undefined
}

/** Another epoch: all that was known is of another ledger, and what this process has on its hands, the new one has not heard of. */
async function adopt({ link, image, lease, journal, work }: Ticking, { epoch, seq }: ScriptReply): Promise<void> {
  if (image.epoch !== epoch) {
    const wasAnother = image.epoch !== ''
    image.reset(epoch, seq)
    if (wasAnother) {
      lease.giveUp('The ledger is another')
      link.report({ kind: 'epoch', epoch })
      work.lost()
      const recent = work.recent()
      if (recent.length > 0) await journal.add(recent)
    }
  }
  for (const intent of work.unrecorded()) await link.record(intent)
}

/** It holds here before anything that is shared is believed. False: something still waits. */
async function replay({ link, image, journal, work }: Ticking, epoch: string): Promise<boolean> {
  if (journal.size === 0) return true
  const labels = journal.take()
  for (let i = 0; i < labels.length; i += maxLabelsPerPurge) {
    const purged = await link.purge('hard', labels.slice(i, i + maxLabelsPerPurge))
    // Another ledger took it: it is this one's next tick that counts.
    if (purged.epoch !== epoch) return false
    work.purged(purged.labels)
    if (!image.apply(purged)) await catchUp({ link, image }, purged.epoch, purged.number)
  }
  await journal.settle(labels)
  return journal.size === 0
}

async function catchUp({ link, image }: Pick<Ticking, 'link' | 'image'>, epoch: string, seq: number): Promise<void> {
  while (image.epoch === epoch && image.applied < seq) {
    const before = image.applied
    const records = await readMissing(link.connection, link.keys.stream, before)
    // Trimmed, or evicted.
    if (records.length === 0) image.applyUnknown(seq)
    else take(image, epoch, records)
    // All of another ledger, which the next tick will find.
    if (image.applied === before) return
  }
}

/** What the stream says, in its order; nothing where the image is of another ledger than the one that was asked. */
export function take(image: LedgerImage, epoch: string, records: readonly StreamRecord[]): void {
  if (image.epoch !== epoch) return
  for (const record of records) {
    if (record.kind === 'purge') {
      if (!image.apply(record.purge)) image.applyUnknown(record.purge.number)
    } else image.applyUnknown(Number.isSafeInteger(record.number) ? record.number : image.applied + 1)
  }
}
