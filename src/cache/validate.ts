/**
 * Asking the origin whether an entry still holds (RFC 9111 §4.3): with which validators, whether a 304 is about this entry, and the entry that
 * comes out of it.
 */
import { isEntityTag, isStrongEtag, validatorsOf } from '../http/conditional.ts'
import { type Fields, fieldValue } from '../http/fields.ts'
import type { ResponseHead } from '../http/response.ts'
import { initialAge, type Times } from './age.ts'
import type { StaleReason } from './decide.ts'
import type { Entry, Tagged } from './entry.ts'
import { mostTags } from './lend.ts'
import type { Policy } from './policy.ts'
import { renewedFields } from './stored-fields.ts'
import type { Stamp } from './validity.ts'

/** Whether the origin can be asked with any of its validators. */
export function isValidatable(response: Pick<ResponseHead, 'fields'>): boolean {
  const { etag = '', lastModified = '' } = validatorsOf(response.fields)
  return etag !== '' || lastModified !== ''
}

/** Whether it can be asked after a soft purge: only a strong ETag proves that these bytes are the current ones. */
export function isStronglyValidatable(response: Pick<ResponseHead, 'fields'>): boolean {
  return isStrongEtag(validatorsOf(response.fields).etag ?? '')
}

/** The fields that ask about the entry (RFC 9111 §4.3.1), to be put in place of the client's own. `purged`: after a soft purge. */
export function validationFields(entry: Pick<ResponseHead, 'fields'>, reason: StaleReason): string[] {
  const { etag = '', lastModified = '' } = validatorsOf(entry.fields)
  if (reason === 'purged') return isStronglyValidatable(entry) ? ['If-None-Match', etag] : []
  const fields: string[] = []
  if (etag !== '') fields.push('If-None-Match', etag)
  if (lastModified !== '') fields.push('If-Modified-Since', lastModified)
  return fields
}

/** What the origin is asked about. */
export interface Validating {
  /** The stored response that the request's own fields select, and why it is not simply used. */
  readonly selected: { readonly entry: Entry; readonly reason: StaleReason } | undefined
  /** Other variants that would do if the origin named them, newest first. */
  readonly lent: readonly Tagged[]
}

/** Undefined: there is nothing to ask about. */
export function validating(selected: Validating['selected'], lent: Validating['lent']): Validating | undefined {
  return selected === undefined && lent.length === 0 ? undefined : { selected, lent }
}

/** Of those that are lent, the ones that are asked about: not beside a date, which would then be ignored, nor beside what is no entity-tag. */
export function askedAbout({ selected, lent }: Validating): readonly Tagged[] {
  const own = selected === undefined ? [] : validationFields(selected.entry, selected.reason)
  if (own.length === 0) return lent.slice(0, mostTags)
  const etag = fieldValue(own, 'if-none-match')
  if (etag === undefined || !isEntityTag(etag)) return []
  return lent.filter((tagged) => tagged.etag !== etag).slice(0, mostTags - 1)
}

/** The fields that ask about all of them. If-Modified-Since goes along with one alone: among several, only a tag says which (RFC 9110 §13.1.3). */
export function conditionFields(validating: Validating): string[] {
  const { selected } = validating
  const own = selected === undefined ? [] : validationFields(selected.entry, selected.reason)
  const others = new Set(askedAbout(validating).map(({ etag }) => etag))
  if (others.size === 0) return own
  const etag = fieldValue(own, 'if-none-match')
  return ['If-None-Match', [...(etag === undefined ? [] : [etag]), ...others].join(', ')]
}

export type Meant = { readonly kind: 'selected'; readonly entry: Entry } | { readonly kind: 'lent'; readonly tagged: Tagged }

/** Which of those asked about a 304 speaks of (RFC 9111 §4.3.4); undefined: none of them, or it does not say which. */
export function meantBy(response: ResponseHead, validating: Validating): Meant | undefined {
  const { selected } = validating
  const others = askedAbout(validating)
  const { etag } = validatorsOf(response.fields)
  if (selected !== undefined && (others.length === 0 || etag !== undefined) && matchesStored(selected.entry, response))
    return { kind: 'selected', entry: selected.entry }
  const tagged = others.find((other) => other.etag === etag)
  return tagged === undefined ? undefined : { kind: 'lent', tagged }
}

/**
 * Whether a 304 speaks of this entry (RFC 9111 §4.3.4). A strong ETag must be the very same, a weak one the same but for its weakness. A 304
 * without validator answers the ones that were sent, and those were this entry's.
 */
export function matchesStored(entry: Pick<ResponseHead, 'fields'>, response: ResponseHead): boolean {
  const stored = validatorsOf(entry.fields)
  const { etag, lastModified } = validatorsOf(response.fields)
  if (etag !== undefined && isStrongEtag(etag)) return etag === stored.etag
  if (etag !== undefined && stored.etag !== undefined) return withoutWeakness(etag) === withoutWeakness(stored.etag)
  if (lastModified !== undefined) return lastModified === stored.lastModified
  return etag === undefined
}

/**
 * What a 200 to HEAD says of the entry (RFC 9111 §4.3.5): the same representation, another one, or, without any validator or length, nothing. The
 * RFC would have nothing count as the same; that could make any bytes fresh.
 */
export function judgeHead(entry: Entry, response: ResponseHead): 'same' | 'another' | 'unknown' {
  const stored = validatorsOf(entry.fields)
  const { etag, lastModified } = validatorsOf(response.fields)
  const length = fieldValue(response.fields, 'content-length')
  const findings: boolean[] = []
  if (etag !== undefined) findings.push(etag === stored.etag)
  if (lastModified !== undefined) findings.push(lastModified === stored.lastModified)
  if (length !== undefined) findings.push(Number(length) === entry.bodyLength)
  if (findings.length === 0) return 'unknown'
  return findings.every(Boolean) ? 'same' : 'another'
}

export interface Freshening extends Times {
  readonly policy: Pick<Policy, 'setCookie'>
  /** What the validating request took before it left. */
  readonly stamp: Stamp
}

/**
 * The entry as the 304 makes it (RFC 9111 §3.2, §4.3.4): its fields renewed, its age counted anew, its body and labels the same. Whether the
 * result is still storable is asked again with its fields.
 */
export function freshen(entry: Entry, response: ResponseHead, freshening: Freshening): Entry {
  const { stamp, requestTime, responseTime, policy } = freshening
  const fields: Fields = renewedFields(entry.fields, response, { responseTime, setCookie: policy.setCookie })
  return {
    ...entry,
    fields,
    stamp,
    requestTime,
    responseTime,
    initialAge: initialAge(response.fields, { requestTime, responseTime }),
  }
}

function withoutWeakness(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag
}
