/**
 * Purges that the ledger did not take, kept until it does: a set of labels, without kinds or numbers, since replaying one takes a new number
 * and a hard purge covers a soft one. What is not known, or too much, is "everything". On disk where there is a folder, so that they outlive the process.
 */
import { allLabel, type Label } from '../cache/label.ts'
import { JournalFolder } from './journal-folder.ts'

/** None of the methods rejects. One replay at a time: `take`, purge, `settle`. */
export interface Journal {
  /** Labels that wait. */
  readonly size: number
  /** Resolves when they are on disk, or the disk has failed and that was reported: they wait in memory all the same. */
  add(labels: readonly Label[]): Promise<void>
  /** What waits now. */
  take(): readonly Label[]
  /** These, as they were taken, are purged in the ledger. What was added since then stays, be it the same label. */
  settle(labels: readonly Label[]): Promise<void>
  /** What waits stays on disk for the next to open the folder. */
  close(): Promise<void>
}

/** Reported once, until the disk has worked again. */
export type JournalEvent =
  | { readonly kind: 'journal-failed'; readonly cause: string }
  /** What an earlier process left is not known: everything will be purged. */
  | { readonly kind: 'journal-unreadable'; readonly cause: string }

export interface JournalOptions {
  /** Undefined: in memory alone. */
  readonly folder: string | undefined
  readonly report: (event: JournalEvent) => void
}

/** Above this, purging everything costs less than remembering what. */
const mostLabels = 10_000

/** Resolves when what earlier processes left was taken over; from then on it waits here. Never rejects. */
export async function openJournal({ folder, report }: JournalOptions): Promise<Journal> {
  const journal = new WaitingLabels(folder === undefined ? undefined : new JournalFolder(folder), report)
  await journal.inherit()
  return journal
}

class WaitingLabels implements Journal {
  readonly #folder: JournalFolder | undefined
  readonly #report: (event: JournalEvent) => void
  /** And whether a replay has taken it since it was last added. */
  readonly #waiting = new Map<Label, boolean>()
  /** Added since the last write began. */
  #unwritten: Array<readonly Label[]> = []
  /** The file says too much, or what it says is not known. */
  #mustRewrite = false
  #hasFailed = false
  #isClosed = false
  #lastSave: Promise<void> = Promise.resolve()
  /** The write that has not begun yet: whoever comes before it does shares its sync. */
  #nextSave: Promise<void> | undefined

  constructor(folder: JournalFolder | undefined, report: (event: JournalEvent) => void) {
    this.#folder = folder
    this.#report = report
  }

  get size(): number {
    return this.#waiting.size
  }

  async inherit(): Promise<void> {
    if (this.#folder === undefined) return
    await this.#folder.prepare().catch((error: unknown) => this.#fail(error))
    const { labels, unknown } = await this.#folder.inherit()
    this.#hold(labels)
    if (unknown !== undefined) {
      this.#holdAll()
      this.#report({ kind: 'journal-unreadable', cause: unknown })
    }
    if (this.size === 0) return
    this.#mustRewrite = true
    await this.#save()
  }

  async add(labels: readonly Label[]): Promise<void> {
    this.#hold(labels)
    await this.#save()
  }

  take(): readonly Label[] {
    for (const label of this.#waiting.keys()) this.#waiting.set(label, true)
    return this.#waiting.has(allLabel) ? [allLabel] : [...this.#waiting.keys()]
  }

  async settle(labels: readonly Label[]): Promise<void> {
    const settled = labels.includes(allLabel) ? [...this.#waiting.keys()] : labels
    for (const label of settled) {
      // Added again since: its write may have come behind the purge.
      if (this.#waiting.get(label) === true) this.#waiting.delete(label)
    }
    this.#mustRewrite = true
    await this.#save()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#lastSave
    await this.#folder?.close().catch((error: unknown) => this.#fail(error))
  }

  #hold(labels: readonly Label[]): void {
    if (this.#waiting.get(allLabel) === false) return
    const fresh = labels.filter((label) => !this.#waiting.has(label))
    for (const label of labels) this.#waiting.set(label, false)
    if (this.#folder !== undefined && fresh.length > 0) this.#unwritten.push(fresh)
    if (this.#waiting.get(allLabel) === false || this.#waiting.size > mostLabels) this.#holdAll()
  }

  #holdAll(): void {
    this.#waiting.clear()
    this.#waiting.set(allLabel, false)
    this.#mustRewrite = true
  }

  /** Resolves when everything that is held now was written, or could not be. */
  #save(): Promise<void> {
    if (this.#folder === undefined || this.#isClosed) return Promise.resolve()
    const folder = this.#folder
    this.#nextSave ??= this.#lastSave.then(() => {
      this.#nextSave = undefined
      return this.#write(folder)
    })
    this.#lastSave = this.#nextSave
    return this.#lastSave
  }

  async #write(folder: JournalFolder): Promise<void> {
    const lines = this.#unwritten
    const waiting = [...this.#waiting.keys()]
    const mustRewrite = this.#mustRewrite
    this.#unwritten = []
    this.#mustRewrite = false
    try {
      if (waiting.length === 0) await folder.clear()
      else if (mustRewrite) await folder.rewrite(waiting)
      else if (lines.length > 0 && !(await folder.append(lines))) await folder.rewrite(waiting)
      this.#hasFailed = false
    } catch (error) {
      this.#mustRewrite = true
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#report({ kind: 'journal-failed', cause: messageOf(error) })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
