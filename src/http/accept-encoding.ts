/**
 * Accept-Encoding (RFC 9110 §12.5.3), reduced to the codings that matter, so that the hundred ways to write it make few variants, and plain
 * and compressed bodies never mix.
 */
import { parsePreferences } from './weight.ts'

export type Coding = 'br' | 'gzip' | 'zstd'

/** In alphabetical order, the order of the normal form. */
const codings: readonly Coding[] = ['br', 'gzip', 'zstd']

/** What nearly every client sends. */
const common: ReadonlyMap<string, string> = new Map([
  ['gzip, deflate, br, zstd', 'br, gzip, zstd'],
  ['gzip, deflate, br', 'br, gzip'],
  ['gzip, deflate', 'gzip'],
  ['gzip', 'gzip'],
  ['br', 'br'],
  ['br, gzip, deflate', 'br, gzip'],
  ['identity', ''],
])

/** The known codings the client accepts, sorted, joined with ", ". Empty when there are none, and when it does not say. */
export function normaliseAcceptEncoding(value: string | undefined): string {
  if (value === undefined || value === '') return ''
  const known = common.get(value)
  if (known !== undefined) return known
  const weights = parseWeights(value)
  return codings.filter((coding) => isAccepted(weights, coding)).join(', ')
}

/** Whether a body in this coding (`identity` for none) may be sent. One that never said what it accepts gets only identity. */
export function acceptsCoding(value: string | undefined, coding: string): boolean {
  const name = canonical(coding.toLowerCase())
  if (name === 'identity') return !isIdentityRefused(value)
  return value !== undefined && isAccepted(parseWeights(value), name)
}

/** Whether the client takes no unencoded body: `identity;q=0`, or `*;q=0` without a word on identity (RFC 9110 §12.5.3). */
export function isIdentityRefused(value: string | undefined): boolean {
  if (value === undefined || !value.includes(';')) return false
  const weights = parseWeights(value)
  return (weights.get('identity') ?? weights.get('*')) === 0
}

function isAccepted(weights: ReadonlyMap<string, number>, coding: string): boolean {
  return (weights.get(coding) ?? weights.get('*') ?? 0) > 0
}

/** The weight of each coding; of contradicting ones the smaller. */
function parseWeights(value: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const { range, weight } of parsePreferences(value)) {
    const name = canonical(range)
    weights.set(name, Math.min(weight, weights.get(name) ?? 1))
  }
  return weights
}

/** RFC 9110 §8.4.1.3: x-gzip is gzip. */
function canonical(coding: string): string {
  return coding === 'x-gzip' ? 'gzip' : coding
}
