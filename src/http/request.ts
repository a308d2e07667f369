/**
 * A request's head as the rest of the program sees it: already past the gate, target split once, nothing normalised. The same bytes
 * that are matched and keyed are forwarded.
 */
import type { Fields } from './fields.ts'

export interface Target {
  /** The target as received, origin-form: path and, after the first "?", the query. */
  readonly raw: string
  /** The path's bytes as received, from "/" to before the first "?". */
  readonly path: string
  /** What follows the first "?", without it; undefined when there is no "?"; may be empty. */
  readonly query: string | undefined
}

export interface Request {
  readonly method: string
  readonly target: Target
  /** The one valid Host, lower case, with the port when it was written. */
  readonly host: string
  readonly scheme: 'http' | 'https'
  readonly fields: Fields
}

/** Splits an origin-form target on its first "?". Never `new URL`: that folds dots and follows "//other-host". */
export function parseTarget(raw: string): Target {
  const mark = raw.indexOf('?')
  if (mark < 0) return { raw, path: raw, query: undefined }
  return { raw, path: raw.slice(0, mark), query: raw.slice(mark + 1) }
}
