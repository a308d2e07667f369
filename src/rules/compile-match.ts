/** A rule's `match`, short or long, as the matcher reads it. */
import type { MatchPart, RulePart } from './file.ts'
import { parsePath } from './path.ts'
import { type Finding, quoted } from './problem.ts'
import type { Match, PathPart } from './rule.ts'
import { nearest } from './spelling.ts'

/** Where a compiler leaves what it finds wrong; it goes on, so that one run names every mistake. */
export type Report = (finding: Finding) => void

const knownMethods: ReadonlySet<string> = new Set(
  (
    'GET HEAD POST PUT PATCH DELETE OPTIONS QUERY SEARCH PURGE REPORT PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK MERGE BIND UNBIND REBIND ' +
    'ACL LINK UNLINK NOTIFY SUBSCRIBE UNSUBSCRIBE CHECKOUT MKACTIVITY MKCALENDAR'
  ).split(' '),
)

/** Of a rule that only purges. Never GET by omission: that would purge on every read. */
const writeMethods: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
const readMethods: ReadonlySet<string> = new Set(['GET', 'HEAD'])

export function compileMatch(rule: RulePart, path: readonly PropertyKey[], report: Report): Match {
  if (typeof rule.match === 'string') return compileShort(rule.match, path, report)
  const match = rule.match
  const words = typeof match.methods === 'string' ? match.methods.split('|') : match.methods
  return {
    methods:
      words === undefined ? defaultMethods(rule, path, report) : compileMethods(words, { path: [...path, 'methods'] }, report),
    path: compilePath(match.path, { path: [...path, 'path'] }, report),
    host: compileHost(match.host, path, report),
    headers: mapOf(match.headers),
    query: mapOf(match.query),
    json: compileJson(match),
  }
}

/** `GET|POST /path`. */
function compileShort(text: string, path: readonly PropertyKey[], report: Report): Match {
  const found = /^([^\s/]+)\s+(\S.*?)\s*$/.exec(text)
  if (found === null) {
    const what = text.startsWith('/') ? `${quoted(text)} names no method` : `${quoted(text)} is no "METHOD /path"`
    const fix = text.startsWith('/')
      ? `Write ${quoted(`GET ${text}`)}, or ${quoted(`ANY ${text}`)} for every method`
      : 'Write it as in "GET /api/experiences/:id"'
    report({ path, severity: 'error', what, fix })
    return emptyMatch
  }
  const [, methods = '', target = ''] = found
  return {
    ...emptyMatch,
    methods: compileMethods(methods.split('|'), { path }, report),
    path: compilePath(target, { path, offset: text.indexOf(target, methods.length) }, report),
  }
}

const emptyMatch: Match = { methods: undefined, path: [], host: undefined, headers: new Map(), query: new Map(), json: new Map() }

type Place = Pick<Finding, 'path' | 'offset'>

function defaultMethods(rule: RulePart, path: readonly PropertyKey[], report: Report): Match['methods'] {
  if (rule.cache === undefined) return writeMethods
  if (rule.purge === undefined) return readMethods
  const fix = 'Write "methods", as in [POST]'
  report({ path, severity: 'error', what: 'A rule that caches and purges does not say for which methods', fix })
  return readMethods
}

function compileMethods(words: readonly string[], place: Place, report: Report): Match['methods'] {
  const methods = new Set<string>()
  for (const word of words) {
    const method = word.trim()
    if (method === 'ANY' || knownMethods.has(method)) methods.add(method)
    else report({ ...place, severity: 'error', what: `There is no method ${quoted(method)}`, fix: methodFix(method) })
  }
  if (methods.has('ANY')) return undefined
  if (methods.has('GET')) methods.add('HEAD')
  if (words.length === 0)
    report({ ...place, severity: 'error', what: 'The list of methods is empty', fix: 'Write a method, or ANY' })
  return methods
}

function methodFix(method: string): string {
  if (method === '*') return 'Write "ANY" for every method'
  const meant = knownMethods.has(method.toUpperCase()) ? method.toUpperCase() : nearest(method, [...knownMethods, 'ANY'])
  return meant === undefined ? 'Write one as in "GET", "POST|PUT" or "ANY"' : `Write ${quoted(meant)}`
}

function compilePath(text: string, place: Place, report: Report): readonly PathPart[] {
  const parsed = parsePath(text)
  if (parsed.kind === 'path') return parsed.parts
  const { what, fix, offset } = parsed
  report({ ...place, offset: (place.offset ?? 0) + offset, severity: 'error', what, fix })
  return []
}

function compileHost(host: string | undefined, path: readonly PropertyKey[], report: Report): string | undefined {
  if (host === undefined) return undefined
  const lower = host.toLowerCase()
  if (/^(?:\*\.)?(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(lower)) return lower
  const fix = 'Write a name, as in "shop.example", "*.shop.example" or "localhost:3000"'
  report({ path: [...path, 'host'], severity: 'error', what: `${quoted(host)} is no host`, fix })
  return undefined
}

function compileJson(match: MatchPart): Match['json'] {
  return new Map(
    Object.entries(match.json ?? {}).map(([member, values]) => [member, typeof values === 'string' ? [values] : values]),
  )
}

function mapOf(entries: Readonly<Record<string, string>> | undefined): ReadonlyMap<string, string> {
  return new Map(Object.entries(entries ?? {}))
}
