/**
 * The files of journals in a folder that several processes may share: each writes one of its own, and takes over whatever it finds at its start,
 * even from a process that is alive. That is safe without locks, since a file is renamed before it is read, and whoever appends looks afterwards
 * whether its file still lies there: an append is either seen by who took the file, or written again. Labels taken twice are purged twice.
 */
import { randomBytes } from 'node:crypto'
import { access, constants, type FileHandle, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Label } from '../cache/label.ts'
import { formatLine, parseLines } from './journal-line.ts'

export interface Inheritance {
  readonly labels: readonly Label[]
  /** Why it is not known what else there was. */
  readonly unknown: string | undefined
}

const fileName = /^purges-[^/]*\.journal$/
/** Far more than a journal at its cap of labels: what is larger was not written by one. */
const largestFile = 64 * 1024 * 1024

export class JournalFolder {
  readonly #folder: string
  #own: { readonly path: string; readonly handle: FileHandle } | undefined
  /** Files whose labels stand, or will stand, in the next one written. */
  #superseded: string[] = []

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Rejects where nothing could be written, so that it is known at the start. */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await access(this.#folder, constants.R_OK | constants.W_OK | constants.X_OK)
  }

  /** Takes over what lies there. Its files stay until the next `rewrite` or `clear`. Never rejects. */
  async inherit(): Promise<Inheritance> {
    const labels: Label[] = []
    let unknown: string | undefined
    try {
      for (const name of (await readdir(this.#folder)).filter((found) => fileName.test(found))) {
        const said = await this.#take(join(this.#folder, name))
        if (typeof said === 'string') unknown = said
        else for (const label of said) labels.push(label)
      }
    } catch (error) {
      // A folder that could not be made holds nothing.
      if (!['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) unknown = `${this.#folder}: ${(error as Error).message}`
    }
    return { labels, unknown }
  }

  /** Adds lines, in one write and one sync. False: the file was taken, maybe without them. Rejects where the disk fails. */
  async append(lines: ReadonlyArray<readonly Label[]>): Promise<boolean> {
    if (this.#own === undefined) return false
    const { handle, path } = this.#own
    await handle.appendFile(lines.map(formatLine).join(''))
    await handle.sync()
    return await isThere(path)
  }

  /**
   * Writes these labels alone, and only then removes what said more. It is one line: whoever takes the file half written finds it torn, which
   * means everything, so that nobody needs to look afterwards.
   */
  async rewrite(labels: readonly Label[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const path = this.#freshPath()
    const handle = await open(path, 'ax', 0o600)
    try {
      await handle.appendFile(formatLine(labels))
      await handle.sync()
      await this.#sync()
    } catch (error) {
      this.#superseded.push(path)
      await handle.close()
      throw error
    }
    await this.#release()
    this.#own = { path, handle }
    // The labels are safe; what still lies beside them does no harm.
    await this.#discard().catch(() => {})
  }

  /** Nothing waits any more. Rejects where a file stays. */
  async clear(): Promise<void> {
    await this.#release()
    await this.#discard()
  }

  /** Leaves what waits to whoever opens the folder next. */
  async close(): Promise<void> {
    await this.#release()
  }

  /** What the file says, or why that is not known. */
  async #take(found: string): Promise<Label[] | string> {
    const path = this.#freshPath()
    try {
      await rename(found, path)
    } catch (error) {
      // Another process was faster: it is theirs now.
      return isAbsent(error) ? [] : `${found}: ${(error as Error).message}`
    }
    this.#superseded.push(path)
    try {
      const { size } = await stat(path)
      const text = size > largestFile ? '' : await readFile(path, 'utf8')
      return parseLines(text) ?? `${found}: torn, or of another version`
    } catch (error) {
      // Taken over in turn: whoever did so reads it.
      return isAbsent(error) ? [] : `${found}: ${(error as Error).message}`
    }
  }

  async #release(): Promise<void> {
    const own = this.#own
    if (own === undefined) return
    this.#own = undefined
    this.#superseded.push(own.path)
    await own.handle.close()
  }

  /** One that cannot be removed is tried again with the next; left behind, it is purged once too often. */
  async #discard(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#superseded.map((path) => unlink(path).catch(ignoreAbsent)))
    this.#superseded = this.#superseded.filter((_, i) => outcomes[i]?.status === 'rejected')
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /** A new file is there after a power failure only when its folder was synced too. */
  async #sync(): Promise<void> {
    const handle = await open(this.#folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  #freshPath(): string {
    return join(this.#folder, `purges-${process.pid}-${randomBytes(9).toString('hex')}.journal`)
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
}

function ignoreAbsent(error: unknown): void {
  if (!isAbsent(error)) throw error
}

function isAbsent(error: unknown): boolean {
  return codeOf(error) === 'ENOENT'
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
