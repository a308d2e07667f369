/**
 * Conditional requests as a cache answers them from a stored response (RFC 9110 §13, RFC 9111 §4.3.2). The caller has made sure that the
 * method is GET or HEAD and that the answer without conditions would be 200.
 */
import type { Instant } from '../time.ts'
import { parseHttpDate } from './date.ts'
import { type Fields, fieldValue, hasField } from './fields.ts'
import { trimWhitespace } from './list.ts'

/** The stored response's fields as received. */
export interface Validators {
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  readonly date: string | undefined
}

export function validatorsOf(fields: Fields): Validators {
  return {
    etag: fieldValue(fields, 'etag'),
    lastModified: fieldValue(fields, 'last-modified'),
    date: fieldValue(fields, 'date'),
  }
}

/** How dates are judged. */
export interface Judging {
  readonly now: Instant
  /** `lenient`: what has no Last-Modified is unmodified since any date. Strict unless said. */
  readonly ifModifiedSince?: 'strict' | 'lenient' | undefined
}

/** `none`: the request asks nothing that holds here; `not-modified`: answer 304; `proceed`: a condition asks for the whole answer. */
export function evaluatePreconditions(
  requestFields: Fields,
  stored: Validators,
  { now, ifModifiedSince: judging }: Judging,
): 'none' | 'not-modified' | 'proceed' {
  const ifNoneMatch = fieldValue(requestFields, 'if-none-match')
  // RFC 9110 §13.1.3: If-Modified-Since is ignored when If-None-Match is there, even one that says nothing.
  if (ifNoneMatch !== undefined) return isListed(ifNoneMatch, stored.etag) ? 'not-modified' : 'proceed'
  const ifModifiedSince = fieldValue(requestFields, 'if-modified-since')
  if (ifModifiedSince === undefined) return 'none'
  const since = parseHttpDate(ifModifiedSince, now)
  if (since === undefined) return 'none'
  if (judging === 'lenient' && stored.lastModified === undefined) return 'not-modified'
  // RFC 9111 §4.3.2: without a Last-Modified, the Date says until when the client's copy can be the same.
  const modified = parseHttpDate(stored.lastModified ?? stored.date ?? '', now)
  return modified !== undefined && modified <= since ? 'not-modified' : 'proceed'
}

/** Whether conditions are there that only the origin can judge: its current representation counts, not ours (RFC 9111 §4.3.2). */
export function hasOtherPreconditions(requestFields: Fields): boolean {
  return hasField(requestFields, 'if-match') || hasField(requestFields, 'if-unmodified-since')
}

/**
 * Whether a Range may be answered from the stored response: no If-Range, or one that matches strongly (RFC 9110 §13.1.5). A date matches only
 * when it is byte for byte the Last-Modified and a strong validator.
 */
export function evaluateIfRange(requestFields: Fields, stored: Validators, now: Instant): boolean {
  const ifRange = fieldValue(requestFields, 'if-range')
  if (ifRange === undefined) return true
  if (isStrongEtag(ifRange)) return ifRange === stored.etag
  return ifRange === stored.lastModified && isStrongDate(stored, now)
}

/** The entity-tags as written, unquoted ones too, or `*`. Commas inside quotes do not separate; a backslash escapes nothing here. */
export function parseEtagList(value: string): '*' | readonly string[] {
  if (trimWhitespace(value) === '*') return '*'
  const elements = value.match(/(?:[^",]|"[^"]*")+/g) ?? []
  return elements.map(trimWhitespace).filter((element) => element !== '')
}

/** Whether it is an entity-tag in quotes and not a weak one (RFC 9110 §8.8.3). */
export function isStrongEtag(etag: string): boolean {
  return /^"[^"]*"$/.test(etag)
}

/** Whether it can stand in a list of entity-tags (RFC 9110 §8.8.3). */
export function isEntityTag(etag: string): boolean {
  return isStrongEtag(etag.startsWith('W/') ? etag.slice(2) : etag)
}

/** Weak comparison (RFC 9110 §8.8.3.2). A client that echoes an unquoted ETag has what the origin gave it, so the bytes decide. */
function isListed(ifNoneMatch: string, etag: string | undefined): boolean {
  if (etag !== undefined && etag !== '' && ifNoneMatch === etag) return true
  const listed = parseEtagList(ifNoneMatch)
  if (listed === '*') return true
  return etag !== undefined && listed.some((candidate) => opaqueTag(candidate) === opaqueTag(etag))
}

function opaqueTag(etag: string): string {
  return etag.startsWith('W/"') ? etag.slice(2) : etag
}

/** What proves that two responses hold the same bytes (RFC 9110 §8.8.1): a strong ETag, or, without any ETag, a Last-Modified that is strong. */
export function strongValidatorOf(stored: Validators, now: Instant): string | undefined {
  if (stored.etag !== undefined) return isStrongEtag(stored.etag) ? stored.etag : undefined
  return isStrongDate(stored, now) ? stored.lastModified : undefined
}

/** RFC 9110 §8.8.2.2: a second and more before the Date, so that no later change can share the timestamp. */
function isStrongDate(stored: Validators, now: Instant): boolean {
  const modified = parseHttpDate(stored.lastModified ?? '', now)
  const date = parseHttpDate(stored.date ?? '', now)
  return modified !== undefined && date !== undefined && date - modified >= 1000
}
