/** The Cache-Status field (RFC 9211): what this cache did with a request, for people and tools, in the RFC's order of parameters. */
import type { Seconds } from '../time.ts'
import { formatString, formatToken, parseList } from './structured-field.ts'

/** Why a request was forwarded (RFC 9211 §2.2). */
export type Forward = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale' | 'partial'

interface Common {
  /** Remaining freshness; negative when stale. */
  readonly ttl?: Seconds | undefined
  /** The primary key, where it may be shown. */
  readonly key?: string | undefined
  /** Our reason from the closed list. */
  readonly detail?: string | undefined
}

export type CacheStatus =
  | (Common & { readonly kind: 'hit' })
  | (Common & {
      readonly kind: 'forward'
      readonly fwd: Forward
      /** The status the origin answered with, where it differs from the response's own. */
      readonly fwdStatus?: number | undefined
      readonly isStored?: boolean | undefined
      readonly isCollapsed?: boolean | undefined
    })
  /** Answered here without store or origin: refused, or an answer of our own. */
  | (Common & { readonly kind: 'neither' })

/** The largest Integer of a structured field (RFC 9651 §3.3.1). */
const largestInteger = 999_999_999_999_999

/** Our member of the list: `springhouse; fwd=stale; fwd-status=304; ttl=60; stored`. */
export function formatCacheStatus(status: CacheStatus): string {
  let text = 'springhouse'
  if (status.kind === 'hit') text += '; hit'
  if (status.kind === 'forward') {
    text += `; fwd=${status.fwd}`
    if (status.fwdStatus !== undefined) text += `; fwd-status=${status.fwdStatus}`
  }
  if (status.ttl !== undefined) text += `; ttl=${formatInteger(status.ttl)}`
  if (status.kind === 'forward') {
    if (status.isStored) text += '; stored'
    if (status.isCollapsed) text += '; collapsed'
  }
  if (status.key !== undefined) text += `; key=${formatString(status.key)}`
  if (status.detail !== undefined) text += `; detail=${formatToken(status.detail)}`
  return text
}

/**
 * The field's value with our member after those of caches nearer to the origin (RFC 9211 §2). What is no list is dropped: our member would
 * be unreadable behind it.
 */
export function appendCacheStatus(existing: string | undefined, member: string): string {
  if (existing === undefined || !parseList(existing)?.length) return member
  return `${existing}, ${member}`
}

function formatInteger(count: number): string {
  return String(Math.max(-largestInteger, Math.min(largestInteger, Math.floor(count))))
}
