/**
 * What zod refused, in the operator's words: names the key, says what stands there and what to write instead. The declarations carry the
 * fixes; here is what all of them have in common.
 */
import type { z } from 'zod'
import { listed } from './leaf.ts'
import { type Finding, quoted } from './problem.ts'
import type { Source } from './source.ts'
import { nearest } from './spelling.ts'

type Issue = z.core.$ZodIssue

interface Advice {
  readonly what: string
  readonly fix: string
}

/** Keys of other places, other proxies and later versions, and what to do about them. */
const misplaced: ReadonlyMap<string, Advice> = new Map([
  ['<<', { what: 'YAML merge keys are not read', fix: 'Write the keys out, or put them under "defaults"' }],
  [
    'set_cookie',
    {
      what: '"set_cookie" stands under "rfc" only',
      fix: 'Write "override: [set-cookie]" to store answers without their cookies',
    },
  ],
])
const cacheKeys: ReadonlySet<string> = new Set(['scope', 'key', 'ttl', 'tags', 'negative', 'override', 'vary', 'mode'])
const purgeKeys: ReadonlySet<string> = new Set([
  ...['keys', 'patterns', 'rules', 'all', 'soft', 'status', 'when'],
  ...['settle', 'on_purge_failure'],
])
const matchKeys: ReadonlySet<string> = new Set(['method', 'methods', 'path', 'host', 'headers', 'json'])

/** Translates the issues of one `safeParse` (with `reportInput`). */
export function findingsOf(issues: readonly Issue[], source: Source): Finding[] {
  return issues.flatMap((issue) => findingsOfIssue(issue, issue.path, source))
}

function findingsOfIssue(issue: Issue, path: readonly PropertyKey[], source: Source): Finding[] {
  if (issue.code === 'invalid_union') {
    const branch = likelyBranch(issue.errors)
    if (branch !== undefined) return branch.flatMap((inner) => findingsOfIssue(inner, [...path, ...inner.path], source))
  }
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(' ')
    return issue.keys.map((key) => ({ path: [...path, key], isOnKey: true, severity: 'error', ...unknownKey(key, known, path) }))
  }
  if (issue.code === 'invalid_key') {
    const inner = issue.issues[0]
    const fix = inner?.code === 'custom' ? String(inner.params?.['fix']) : 'Write another key'
    return [{ path, isOnKey: true, severity: 'error', what: inner?.message ?? 'This key cannot stand here', fix }]
  }
  if (issue.code === 'custom') {
    const { fix, offset } = issue.params ?? {}
    return [{ path, offset: Number(offset ?? 0), severity: 'error', what: issue.message, fix: String(fix) }]
  }
  return [wrongType(issue, path, source)]
}

/** The alternative that the operator meant: the one whose type fits and that is wrong further inside. */
function likelyBranch(branches: ReadonlyArray<readonly Issue[]>): readonly Issue[] | undefined {
  const fitting = branches.filter((issues) => !issues.some(isWrongFromTheStart))
  return fitting.length === 1 ? fitting[0] : undefined
}

function isWrongFromTheStart(issue: Issue): boolean {
  if (issue.path.length > 0) return false
  if (issue.code === 'invalid_union') return likelyBranch(issue.errors) === undefined
  return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && typeof issue.input !== 'string')
}

function unknownKey(key: string, known: readonly string[], path: readonly PropertyKey[]): Advice {
  const advice = misplaced.get(key)
  if (advice !== undefined) return advice
  const what = `Unknown key ${quoted(key)}`
  const isInRule = path.length === 2 && path[0] === 'rules'
  const home = isInRule ? homeInRule(key) : undefined
  if (home !== undefined) return { what, fix: `Move it under "${home}"` }
  if (key === 'keys' && known.includes('key')) return { what, fix: 'Write one "key" here; "keys" stand under "purge"' }
  const meant = nearest(key, known)
  return { what, fix: meant === undefined ? `Known here: ${listed(known)}` : `Write ${quoted(meant)}` }
}

function homeInRule(key: string): string | undefined {
  if (cacheKeys.has(key)) return 'cache'
  if (purgeKeys.has(key)) return 'purge'
  return matchKeys.has(key) ? 'match' : undefined
}

function wrongType(issue: Issue, path: readonly PropertyKey[], source: Source): Finding {
  const name = nameOf(path)
  if (issue.input === undefined) {
    return { path, severity: 'error', what: path.length === 0 ? 'The file is empty' : `${name} is missing`, fix: issue.message }
  }
  const written = source.written(path)
  // `tags: [user:{user}]` is a map to YAML, and so is `key: {params.id}`.
  if (typeof issue.input === 'object' && written !== undefined && /\{[A-Za-z][^{}]*\}/.test(written) && expectsText(issue)) {
    return { path, severity: 'error', what: `YAML reads ${name} as a map`, fix: `Put quotes around it: ${quoted(written)}` }
  }
  return { path, severity: 'error', what: `${name} is ${describe(issue.input)}`, fix: issue.message }
}

function expectsText(issue: Issue): boolean {
  if (issue.code === 'invalid_union')
    return issue.errors.some((issues) => issues.some((inner) => inner.path.length === 0 && expectsText(inner)))
  return issue.code === 'invalid_type' && issue.expected === 'string'
}

/** `"tags[1]"`: the last key, and the places in lists behind it. */
function nameOf(path: readonly PropertyKey[]): string {
  let name = ''
  for (let i = path.length - 1; i >= 0; i--) {
    if (typeof path[i] !== 'number') return quoted(String(path[i]) + name)
    name = `[${String(path[i])}]${name}`
  }
  return name === '' ? 'The file' : quoted(name)
}

function describe(input: unknown): string {
  if (input === null) return 'empty'
  if (Array.isArray(input)) return 'a list'
  if (typeof input === 'string') return quoted(input)
  if (typeof input === 'object') return 'a map'
  return typeof input === 'number' ? `the number ${input}` : String(input)
}
