/** Proactive negotiation (RFC 9110 §12.1) over a short list of values that an operator allows, on the client's Accept-like field. */
import { type Preference, parsePreferences } from './weight.ts'

interface Match {
  readonly weight: number
  /** How closely the range names the value; of several matching ranges the closest decides. */
  readonly precision: number
  readonly position: number
}

const unwanted: Match = { weight: 0, precision: 0, position: 0 }

/**
 * The allowed value with the highest weight, among equals the one the client names first, then the one listed first. The first of the list
 * when the field is absent or accepts none; of codings then `identity`, which alone every client can read. `name` is lower case.
 */
export function negotiate(name: string, value: string | undefined, allowed: readonly string[]): string {
  const first = name === 'accept-encoding' ? 'identity' : (allowed[0] ?? '')
  if (value === undefined) return first
  const preferences = parsePreferences(value)
  let best = unwanted
  let chosen = first
  for (const candidate of allowed) {
    const match = closestMatch(name, candidate.toLowerCase(), preferences)
    if (match.weight > best.weight || (match.weight === best.weight && match.weight > 0 && match.position < best.position)) {
      best = match
      chosen = candidate
    }
  }
  return chosen
}

function closestMatch(name: string, candidate: string, preferences: readonly Preference[]): Match {
  let closest = unwanted
  for (const [position, { range, weight }] of preferences.entries()) {
    const precision = precisionOf(name, range, candidate)
    if (precision > closest.precision) closest = { weight, precision, position }
  }
  return closest
}

/** 0: the range does not match; the higher, the closer. */
function precisionOf(name: string, range: string, candidate: string): number {
  if (range === candidate) return 1000
  if (range === '*' || range === '*/*') return 1
  if (name === 'accept') return matchesMediaRange(range, candidate) ? 10 : 0
  return name === 'accept-language' ? languagePrecision(range, candidate) : 0
}

/** `image/*` matches `image/png`, and `text/html;level=1` is close enough to `text/html`. */
function matchesMediaRange(range: string, candidate: string): boolean {
  return range.endsWith('/*') ? candidate.startsWith(range.slice(0, -1)) : range.startsWith(`${candidate};`)
}

/** A range matches what it is a prefix of, and by lookup (RFC 4647 §3.3.1, §3.4) what is a prefix of it: es-MX is served with es. */
function languagePrecision(range: string, candidate: string): number {
  if (candidate.startsWith(`${range}-`)) return 10 + range.length
  return range.startsWith(`${candidate}-`) ? 10 : 0
}
