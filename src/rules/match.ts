/**
 * Which rules a request meets: the first cache rule whose match it fulfils, and every purge rule. Cache rules are matched exactly, purge rules
 * generously, since an origin may take "/API/Bookings/" for the same handler: a purge too many costs a miss, one too few is wrong data.
 */
import { isSafe } from '../cache/invalidate.ts'
import { fieldValue } from '../http/fields.ts'
import { foldPath, isAmbiguousPath, normalisePath } from '../http/path.ts'
import { parseQuery } from '../http/query.ts'
import type { Request } from '../http/request.ts'
import { matchGlob } from './glob.ts'
import { type Json, memberAt, scalarText } from './json.ts'
import { PathTree } from './path-tree.ts'
import type { Match, PathPart, Rule, RuleSet } from './rule.ts'
import { withoutTrailingSlash } from './values.ts'

export interface MatchedRule {
  readonly rule: Rule
  /** Name → text as it stands in the path; `rest` for what a final "*" stands for. */
  readonly params: ReadonlyMap<string, string>
  /** The path as the rule spells it, params as they came: for `{path}`. */
  readonly path: string
}

export interface Matched {
  readonly cache: MatchedRule | undefined
  readonly purges: readonly MatchedRule[]
  /** The path may name another resource to the origin than to us. Nothing is cached; an unsafe request counts as a write for every purge rule. */
  readonly isAmbiguousPath: boolean
  /** Some rule's `match.json` decides and no JSON was given: read the body and ask again. Without JSON its purge rules are in `purges`. */
  readonly needsJson: boolean
}

export interface Matcher {
  match(request: Request, requestJson?: Json): Matched
}

export interface MatcherOptions {
  /** `lenient`: a trailing slash makes no difference, for purge rules neither does case. `exact`: both do. */
  readonly paths: 'lenient' | 'exact'
}

/** One request, with what several rules look at read once. */
interface Asked {
  readonly request: Request
  readonly json: Json | undefined
  readonly isGenerous: boolean
}

export function compileMatcher(set: RuleSet, { paths }: MatcherOptions): Matcher {
  const isLenient = paths === 'lenient'
  const caches = new PathTree()
  const purges = new PathTree()
  for (const [place, rule] of set.rules.entries()) {
    const parts = isLenient ? withoutTrailingPart(rule.match.path) : rule.match.path
    if (rule.cache !== undefined) caches.add(parts, place)
    if (rule.purge !== undefined) purges.add(isLenient ? parts.map(foldPart) : parts, place)
  }

  return {
    match(request, requestJson) {
      const { path } = request.target
      if (isAmbiguousPath(path)) return ambiguous(set, request)
      const spelt = isLenient ? withoutTrailingSlash(path) : path
      const segments = segmentsOf(spelt)
      const matchedRule = (place: number, own: readonly string[]): MatchedRule => {
        const rule = set.rules[place] as Rule
        return fill(rule, isLenient ? withoutTrailingPart(rule.match.path) : rule.match.path, own)
      }
      const cache = firstOf(set, caches.find(segments), { request, json: requestJson, isGenerous: false })
      const foundPurges = purges.find(isLenient ? segmentsOf(foldPath(path)) : segments).filter((place) => {
        return fulfils(set.rules[place] as Rule, { request, json: requestJson, isGenerous: true }) !== 'no'
      })
      const normalised = isLenient ? segmentsOf(normalisePath(spelt)) : segments
      return {
        cache: cache.place === undefined ? undefined : matchedRule(cache.place, segments),
        purges: foundPurges.map((place) => matchedRule(place, normalised)),
        isAmbiguousPath: false,
        needsJson:
          requestJson === undefined &&
          (cache.needsJson || foundPurges.some((place) => (set.rules[place] as Rule).match.json.size > 0)),
      }
    },
  }
}

/** Without params every value of the path is missing, and a missing value widens. */
function ambiguous(set: RuleSet, request: Request): Matched {
  const purges = set.rules.filter(
    ({ match, purge }) => purge !== undefined && (!isSafe(request.method) || match.methods?.has(request.method)),
  )
  return {
    cache: undefined,
    purges: purges.map((rule) => ({ rule, params: new Map(), path: request.target.path })),
    isAmbiguousPath: true,
    needsJson: false,
  }
}

function firstOf(
  set: RuleSet,
  places: readonly number[],
  asked: Asked,
): { readonly place: number | undefined; readonly needsJson: boolean } {
  let needsJson = false
  for (const place of places) {
    const answer = fulfils(set.rules[place] as Rule, asked)
    if (answer === 'yes') return { place, needsJson }
    if (answer === 'unknown') needsJson = true
  }
  return { place: undefined, needsJson }
}

/** Whether everything but the path fits; `unknown` when only the body could tell. */
function fulfils({ match }: Rule, asked: Asked): 'yes' | 'no' | 'unknown' {
  const { request } = asked
  if (match.methods !== undefined && !match.methods.has(request.method)) return 'no'
  if (match.host !== undefined && !isHost(match.host, request.host)) return 'no'
  for (const [name, pattern] of match.headers) {
    const value = fieldValue(request.fields, name)
    if (value === undefined || !matchGlob(pattern, value)) return 'no'
  }
  if (match.query.size > 0 && !fulfilsQuery(match, asked)) return 'no'
  if (match.json.size === 0) return 'yes'
  if (asked.json === undefined) return 'unknown'
  return fulfilsJson(match, asked.json) ? 'yes' : 'no'
}

/** A repeated parameter: no one knows which of them the origin takes. */
function fulfilsQuery(match: Match, { request, isGenerous }: Asked): boolean {
  const parameters = parseQuery(request.target.query)
  for (const [name, pattern] of match.query) {
    const values = parameters.filter((parameter) => parameter.name === name)
    const fits = values.filter(({ value }) => matchGlob(pattern, value))
    if (fits.length === 0 || (!isGenerous && fits.length < values.length)) return false
  }
  return true
}

function fulfilsJson(match: Match, json: Json): boolean {
  for (const [path, accepted] of match.json) {
    const text = scalarText(memberAt(json, path.split('.')))
    if (text === undefined || !accepted.includes(text)) return false
  }
  return true
}

/** `pattern` as in `Match.host`. Without a port it holds for every port; "*." stands for one name or more below. */
function isHost(pattern: string, host: string): boolean {
  const name = /:\d+$/.test(pattern) ? host : host.replace(/:\d*$/, '')
  return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) && name.length >= pattern.length : name === pattern
}

/** Params and the path as the rule spells it, from segments that are known to match. */
function fill(rule: Rule, parts: readonly PathPart[], segments: readonly string[]): MatchedRule {
  const params = new Map<string, string>()
  let path = ''
  for (const [i, part] of parts.entries()) {
    const rest = part.kind === 'rest' ? segments.slice(i).join('/') : ''
    if (part.kind === 'param') params.set(part.name, segments[i] as string)
    if (part.kind === 'rest') params.set('rest', rest.slice(part.start.length))
    if (part.kind === 'text') path += `/${part.text}`
    else if (part.kind === 'param') path += `/${segments[i]}`
    else if (i < segments.length) path += `/${part.start}${rest.slice(part.start.length)}`
  }
  return { rule, params, path: path === '' ? '/' : path }
}

function segmentsOf(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/')
}

/** A trailing slash is a last part with an empty text. */
function withoutTrailingPart(parts: readonly PathPart[]): readonly PathPart[] {
  const last = parts.at(-1)
  return last?.kind === 'text' && last.text === '' ? parts.slice(0, -1) : parts
}

function foldPart(part: PathPart): PathPart {
  if (part.kind === 'text') return { kind: 'text', text: foldText(part.text) }
  return part.kind === 'rest' ? { kind: 'rest', start: foldText(part.start) } : part
}

function foldText(text: string): string {
  return normalisePath(text).toLowerCase()
}
