/**
 * Vary (RFC 9110 §12.5.5): which request fields selected a response, and the normal form in which two requests' fields are compared (RFC 9111
 * §4.1). Normalising merges only what means the same; an operator's `VaryRule` may merge more, by name.
 */
import { isIdentityRefused, normaliseAcceptEncoding } from './accept-encoding.ts'
import { type Fields, fieldLines } from './fields.ts'
import { isToken, splitElements, splitList } from './list.ts'
import { negotiate } from './negotiate.ts'
import { parsePreferences } from './weight.ts'

/**
 * How one request field counts: not at all, byte for byte, or as the best of the allowed values. With a list, the origin must be sent the
 * chosen value (`negotiate`) and not the client's, else the stored answer may be another's.
 */
export type VaryRule = 'ignore' | 'exact' | readonly string[]

/** What an absent field is. Every present one begins with "=", so that no value can be mistaken for it. */
const absent = '-'

/** The names of all Vary lines: lower case, sorted, each once. `*`, also for a member that is no field name: such a response fits no request. */
export function varyNames(fields: Fields): readonly string[] | '*' {
  const lines = fieldLines(fields, 'vary')
  if (lines.length === 0) return []
  const names = new Set(lines.flatMap((line) => splitList(line)).map((name) => name.toLowerCase()))
  return names.has('*') || ![...names].every(isToken) ? '*' : [...names].sort()
}

/** The text that stands for a request field in a variant key. `name` is lower case, `value` the combined field value. */
export function normaliseField(name: string, value: string | undefined, rule?: VaryRule): string {
  if (rule === 'ignore') return absent
  if (rule === 'exact') return value === undefined ? absent : `=${value}`
  if (rule !== undefined) return `=${negotiate(name, value, rule)}`
  if (name === 'accept-encoding') return normaliseCodings(value)
  if (value === undefined) return absent
  if (name === 'accept' || name === 'accept-language') return `=${normalisePreferences(value)}`
  return `=${splitElements(value).join(',')}`
}

/** Here absent is not told from identity: either way the client gets an answer without coding. */
function normaliseCodings(value: string | undefined): string {
  return isIdentityRefused(value) ? `=${normaliseAcceptEncoding(value)}, identity;q=0` : `=${normaliseAcceptEncoding(value)}`
}

/** Order says nothing where weights do (RFC 9110 §12.4.2): sorted, a weight of 1 left out, ranges in one case. */
function normalisePreferences(value: string): string {
  return parsePreferences(value)
    .map(({ range, weight }) => (weight === 1 ? range : `${range};q=${weight}`))
    .sort()
    .join(',')
}
