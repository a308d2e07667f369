/** The path of a rule's `match`: "/api/experiences/:id", "/api/cart*". Says what no request could ever match. */
import { isAmbiguousPath, normalisePath } from '../http/path.ts'
import { quoted } from './problem.ts'
import type { PathPart } from './rule.ts'

export type ParsedPath =
  | { readonly kind: 'path'; readonly parts: readonly PathPart[] }
  | { readonly kind: 'problem'; readonly offset: number; readonly what: string; readonly fix: string }

/** Parses a path; "/" has no parts, a trailing slash is a last part with an empty text. */
export function parsePath(path: string): ParsedPath {
  const wrong = textProblem(path)
  if (wrong !== undefined) return wrong
  const segments = path === '/' ? [] : path.slice(1).split('/')
  const parts: PathPart[] = []
  const names = new Set<string>()
  let offset = 1
  for (const [i, segment] of segments.entries()) {
    const part = parseSegment(segment, i === segments.length - 1)
    if (part.kind === 'problem') return { ...part, offset: offset + part.offset }
    if (part.kind === 'param') {
      if (names.has(part.name)) return problem(offset, `Two segments are called ":${part.name}"`, 'Give each its own name')
      names.add(part.name)
    }
    parts.push(part)
    offset += segment.length + 1
  }
  const hasRest = parts.at(-1)?.kind === 'rest'
  if (hasRest && names.has('rest'))
    return problem(path.indexOf(':rest'), 'What "*" stands for is called "rest" already', 'Give ":rest" another name')
  return { kind: 'path', parts }
}

type SegmentProblem = Extract<ParsedPath, { kind: 'problem' }>

function parseSegment(segment: string, isLast: boolean): PathPart | SegmentProblem {
  const star = segment.indexOf('*')
  if (star >= 0 && (!isLast || star < segment.length - 1)) {
    return problem(star, '"*" stands at the end of a path only', 'Write ":name" for one segment in the middle')
  }
  if (!segment.startsWith(':')) return star < 0 ? { kind: 'text', text: segment } : { kind: 'rest', start: segment.slice(0, -1) }
  if (star >= 0)
    return problem(star, 'A named segment cannot end in "*"', `Write ${quoted(`${segment.slice(0, -1)}/*`)} or a "*" alone`)
  const name = segment.slice(1)
  if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) return { kind: 'param', name }
  const what = name === '' ? 'A ":" has no name' : `${quoted(segment)} is not one whole named segment`
  return problem(0, what, 'Write ":" and a name of letters, digits, "_" and "-", as in ":id"')
}

function textProblem(path: string): SegmentProblem | undefined {
  if (!path.startsWith('/')) return problem(0, 'A path starts with "/"', `Write ${quoted(`/${path}`)}`)
  const query = path.indexOf('?')
  if (query >= 0) return problem(query, 'A path has no query', 'Write what the query must contain under "query" of "match"')
  const fragment = path.indexOf('#')
  if (fragment >= 0) return problem(fragment, 'A "#" never reaches a server', 'Leave it out')
  // Everything outside printable ASCII is escaped by clients; so is what stands here for them.
  const odd = path.search(/[^\u0021-\u007e]|["<>^`{|}]/u)
  if (odd >= 0) {
    const character = String.fromCodePoint(path.codePointAt(odd) ?? 0)
    if (character === '{') return problem(odd, 'A path has no templates', 'Write ":name" for a segment with any value')
    return problem(odd, `Clients never send ${quoted(character)} in a path`, `Write ${quoted(escapeCharacter(character))}`)
  }
  if (isAmbiguousPath(path)) {
    return problem(
      0,
      'Requests for such a path pass uncached: origins may read it in two ways',
      'Leave out "//", dot segments, backslashes and "%2F"',
    )
  }
  const normal = normalisePath(path)
  return normal === path ? undefined : problem(0, 'This path has escapes that clients do not send', `Write ${quoted(normal)}`)
}

function escapeCharacter(character: string): string {
  return [...new TextEncoder().encode(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

function problem(offset: number, what: string, fix: string): SegmentProblem {
  return { kind: 'problem', offset: Math.max(0, offset), what, fix }
}
