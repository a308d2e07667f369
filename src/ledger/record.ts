/**
 * A purge as the stream tells it. The bytes come from Redis, where another version of this program may have written them: what is not
 * understood is said to be, and whoever reads it knows only that something was purged.
 */
import type { Label } from '../cache/label.ts'
import { instant } from '../time.ts'
import type { Purge } from './image.ts'

export type StreamRecord =
  | { readonly kind: 'purge'; readonly purge: Purge }
  | { readonly kind: 'unknown'; readonly number: number }

const known = '1'

/** `entry` as ioredis gives it: the id, then names and values in turn. Never throws. */
export function parseRecord(entry: unknown): StreamRecord {
  const [id, pairs] = Array.isArray(entry) ? entry : []
  const number = Number(/^(\d{1,16})-0$/.exec(String(id))?.[1] ?? Number.NaN)
  const unknown: StreamRecord = { kind: 'unknown', number }
  if (!Array.isArray(pairs)) return unknown
  const fields = new Map<string, string>()
  for (let i = 0; i + 1 < pairs.length; i += 2) fields.set(String(pairs[i]), String(pairs[i + 1]))
  const [epoch, kind, at] = [fields.get('e'), fields.get('k'), Number(fields.get('t'))]
  const labels = parseLabels(fields.get('l'))
  const others = parseLabels(fields.get('o'))
  if (fields.get('v') !== known || epoch === undefined || labels === undefined || others === undefined) return unknown
  if ((kind !== 'hard' && kind !== 'soft') || !Number.isFinite(at) || !Number.isSafeInteger(number)) return unknown
  return { kind: 'purge', purge: { epoch, number, kind, at: instant(at), labels, others } }
}

/** A JSON array of texts; undefined for anything else. */
export function parseLabels(text: string | undefined): readonly Label[] | undefined {
  try {
    const labels: unknown = JSON.parse(text ?? '')
    return Array.isArray(labels) && labels.every((label) => typeof label === 'string') ? labels : undefined
  } catch {
    return undefined
  }
}
