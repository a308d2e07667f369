/**
 * A path's bytes, compared. Nothing here changes what is forwarded: these are the forms in which a rule looks at a path, and the test for paths
 * that an origin may read otherwise than we do.
 */
import { hasValidEscapes } from './percent.ts'

/** What every ambiguous path has at least one of; most paths have none. */
const suspicious = /[%\\\0]|\/[/.]/

/** An escaped slash, backslash or control character. */
const ambiguousEscape = /%(?:2f|5c|[01][\da-f]|7f)/i

/** A segment that some origins fold: ".", "..", also with escaped dots or a path parameter behind ("..;x"). */
const dotSegment = /\/(?:\.|%2e){1,2}(?=[/;]|$)/i

/** Whether the path could name another resource to the origin than to us: then it is passed and never cached. */
export function isAmbiguousPath(path: string): boolean {
  if (!path.startsWith('/')) return true
  if (!suspicious.test(path)) return false
  if (path.includes('//') || path.includes('\\') || path.includes('\0')) return true
  return dotSegment.test(path) || ambiguousEscape.test(path) || !hasValidEscapes(path)
}

/** What an origin may take an ambiguous path for: slashes and dots folded, or "//host" in front taken for a host. None where it is not ambiguous. */
export function otherReadings(path: string): string[] {
  if (!isAmbiguousPath(path)) return []
  const plain = path
    .replace(/%(?:2f|5c)|\\/gi, '/')
    .replace(/%2e/gi, '.')
    .replace(/%(?:[01][\da-f]|7f)|\0/gi, '')
  return [...new Set([plain, plain.replace(/^\/\/[^/]*/, '')].map(foldSegments))]
}

function foldSegments(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    const name = segment.replace(/;.*$/s, '')
    if (name === '..') kept.pop()
    else if (name !== '' && name !== '.') kept.push(name)
  }
  return `/${kept.join('/')}`
}

/** Equal paths in one form (RFC 3986 §6.2.2): unreserved characters unescaped, the hexadecimal digits of other escapes in upper case. */
export function normalisePath(path: string): string {
  return path.includes('%') ? path.replace(/%[\da-f]{2}/gi, normaliseEscape) : path
}

/** For lenient matching: as `normalisePath`, in lower case, without a trailing slash. */
export function foldPath(path: string): string {
  const folded = normalisePath(path).toLowerCase()
  let end = folded.length
  while (end > 1 && folded[end - 1] === '/') end--
  return folded.slice(0, end)
}

function normaliseEscape(escaped: string): string {
  const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
  return /[\w.~-]/.test(character) ? character : escaped.toUpperCase()
}
