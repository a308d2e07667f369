/**
 * Cache-Control and Pragma, of requests and responses (RFC 9111 §5.2). Keeps every occurrence of a directive, so that whoever asks gets
 * the most restrictive reading of duplicates, conflicts and nonsense (§4.2.1).
 */
import { type Seconds, seconds } from '../time.ts'
import { isToken, splitList, trimWhitespace, unquote } from './list.ts'

/** By lower-case name, the arguments in order, unquoted; `true` stands for no argument. */
export type Directives = ReadonlyMap<string, readonly (string | true)[]>

/** RFC 9111 §1.2.2: what is larger counts as this, about 68 years. */
const longestDelta = 2 ** 31
const noDirectives: Directives = new Map()

/** The directives of a combined field value; empty when the field is absent. */
export function parseCacheControl(value: string | undefined): Directives {
  if (value === undefined || value === '') return noDirectives
  const directives = new Map<string, (string | true)[]>()
  for (const element of elementsOf(value)) {
    const equals = element.indexOf('=')
    const name = (equals < 0 ? element : trimWhitespace(element.slice(0, equals))).toLowerCase()
    const argument = equals < 0 ? true : argumentOf(element, equals)
    const known = directives.get(name)
    if (known === undefined) directives.set(name, [argument])
    else known.push(argument)
  }
  return directives
}

/** Also splits on ";": no directive can contain it, and "private; max-age=60" must not hide its `private`. */
function elementsOf(value: string): string[] {
  const elements = splitList(value)
  return value.includes(';') ? elements.flatMap((element) => splitList(element, ';')) : elements
}

/** Whitespace around "=" is not in the grammar; it stays in the argument and makes a number invalid, while the name is still seen. */
function argumentOf(element: string, equals: number): string {
  const text = element.slice(equals + 1)
  return element[equals - 1] === ' ' || element[equals - 1] === '\t' ? ` ${text}` : unquote(text)
}

/**
 * The seconds of a directive: of several the most restrictive (the largest `min-fresh`, the smallest of all others), `invalid` when any
 * of them is missing or no number, which for a lifetime means stale (RFC 9111 §4.2.1). Quoted numbers are accepted (§5.2).
 */
export function delta(directives: Directives, name: string): Seconds | 'invalid' | undefined {
  const values = directives.get(name)
  if (values === undefined) return undefined
  let chosen: Seconds | undefined
  for (const value of values) {
    const duration = value === true ? undefined : parseDelta(value)
    if (duration === undefined) return 'invalid'
    if (chosen === undefined || (name === 'min-fresh' ? duration > chosen : duration < chosen)) chosen = duration
  }
  return chosen
}

/** A delta-seconds (RFC 9111 §1.2.2), also of the Age field; undefined when it is none. */
export function parseDelta(text: string): Seconds | undefined {
  return /^\d+$/.test(text) ? seconds(Math.min(Number(text), longestDelta)) : undefined
}

/** How stale an answer the client takes: without an argument any (Infinity, RFC 9111 §5.2.1.2), with an unreadable one none. */
export function maxStale(directives: Directives): Seconds | undefined {
  const values = directives.get('max-stale')
  if (values === undefined) return undefined
  return seconds(Math.min(...values.map((value) => (value === true ? Number.POSITIVE_INFINITY : (parseDelta(value) ?? 0)))))
}

/**
 * What `no-cache` or `private` applies to: `all` of the response, or only the named fields (lower case). An empty or unreadable list means
 * all; undefined when the directive is absent.
 */
export function restrictedFields(directives: Directives, name: 'no-cache' | 'private'): 'all' | readonly string[] | undefined {
  const values = directives.get(name)
  if (values === undefined) return undefined
  const names: string[] = []
  for (const value of values) {
    const listed = value === true ? [] : splitList(value)
    if (listed.length === 0 || !listed.every(isToken)) return 'all'
    names.push(...listed.map((field) => field.toLowerCase()))
  }
  return names
}
