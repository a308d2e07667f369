/**
 * Range and Content-Range (RFC 9110 §14) for the one case that is answered from a stored body: a single range of bytes. Everything else is
 * ignored, which §14.2 allows and every client must be ready for: it gets the whole.
 */

export interface ByteRange {
  readonly first: number
  /** Inclusive. */
  readonly last: number
}

export type RangeOutcome =
  | ({ readonly kind: 'range' } & ByteRange)
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'ignore' }

export type ContentRange =
  /** `length` is undefined where the sender wrote `*`. */
  | ({ readonly kind: 'range'; readonly length: number | undefined } & ByteRange)
  | { readonly kind: 'unsatisfied'; readonly length: number }

const ignored: RangeOutcome = { kind: 'ignore' }
const unsatisfiable: RangeOutcome = { kind: 'unsatisfiable' }

/** What a Range field asks of a representation of `length` bytes. Several ranges, another unit and bad grammar are ignored. */
export function parseRange(value: string | undefined, length: number): RangeOutcome {
  if (value === undefined) return ignored
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(value)
  const [, first, last] = match ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return ignored
  return first === '' ? suffixRange(Number(last), length) : intRange(Number(first), last, length)
}

function intRange(first: number, lastText: string, length: number): RangeOutcome {
  const last = lastText === '' ? length - 1 : Number(lastText)
  if (lastText !== '' && last < first) return ignored
  return first < length ? { kind: 'range', first, last: Math.min(last, length - 1) } : unsatisfiable
}

/** The last bytes. Of an empty representation they can be asked for, but Content-Range cannot say so: it is sent whole. */
function suffixRange(count: number, length: number): RangeOutcome {
  if (count === 0) return unsatisfiable
  return length === 0 ? ignored : { kind: 'range', first: Math.max(0, length - count), last: length - 1 }
}

/** The Content-Range of a 206, or of a 416 where there is no range. `length` is undefined where it is not known. */
export function formatContentRange(range: ByteRange | undefined, length: number | undefined): string {
  return range === undefined ? `bytes */${length ?? '*'}` : `bytes ${range.first}-${range.last}/${length ?? '*'}`
}

/** Undefined when it is missing, malformed, contradicts itself (§14.4), or counts other units than bytes. */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  if (value === undefined) return undefined
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i.exec(value)
  if (match === null) return undefined
  const length = match[3] === '*' ? undefined : Number(match[3])
  if (length !== undefined && !Number.isSafeInteger(length)) return undefined
  if (match[1] === undefined) return length === undefined ? undefined : { kind: 'unsatisfied', length }
  const [first, last] = [Number(match[1]), Number(match[2])]
  if (!Number.isSafeInteger(last) || first > last || (length !== undefined && last >= length)) return undefined
  return { kind: 'range', first, last, length }
}
