/** Files that an operator named. Why one cannot be read is said in words: "EISDIR" helps nobody. */
import { readFileSync } from 'node:fs'

export type NamedFile =
  | { readonly kind: 'text'; readonly text: string }
  /** `problem` names the file; what to do instead is for whoever knows where the name came from. */
  | { readonly kind: 'missing' | 'unreadable'; readonly problem: string }

/** `name` is what the operator called it. Never throws. */
export function readNamedFile(path: string, name: string): NamedFile {
  try {
    const text = readFileIfThere(path)
    return text === undefined ? { kind: 'missing', problem: `There is no file "${name}"` } : { kind: 'text', text }
  } catch (error) {
    return { kind: 'unreadable', problem: `Cannot read "${name}": ${(error as Error).message}` }
  }
}

const why: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'its permissions forbid it',
  EPERM: 'its permissions forbid it',
}

/** Undefined when there is no such file. Throws when it is there and cannot be read. */
export function readFileIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new Error(why[code] ?? message, { cause })
  }
}
