/**
 * Fields as Node takes them. What it would throw on, or what would make it frame the answer otherwise than we do, is left out: a field of the
 * origin's must cost that field, never the answer.
 */
import type { Fields } from '../http/fields.ts'
import { isToken } from '../http/list.ts'

const framing: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const framingLengths: ReadonlySet<number> = new Set([7, 10, 14, 17])
const forbidden = /[^\t\x20-\x7e\x80-\xff]/

/** A copy without framing fields, for the writer to add its own. Content-Length must come last: before Content-Disposition Node mangles that. */
export function unframed(fields: Fields): string[] {
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    if (framingLengths.has(name.length) && framing.has(name.toLowerCase())) continue
    kept.push(name, fields[i + 1] as string)
  }
  return kept
}

/** Those that can be written, and the names of those that cannot. */
export function writable(fields: Fields): { readonly fields: string[]; readonly dropped: string[] } {
  const kept: string[] = []
  const dropped: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    const value = fields[i + 1] as string
    if (isToken(name) && !forbidden.test(value)) kept.push(name, value)
    else dropped.push(name)
  }
  return { fields: kept, dropped }
}

export function isPhrase(text: string): boolean {
  return !forbidden.test(text)
}
