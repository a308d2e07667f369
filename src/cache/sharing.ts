/**
 * Whether the origin lets a response be kept for others at all. Asked when it comes, and again whenever it would be used: an `override` taken out
 * of the rules must hold for what was stored under it.
 */
import type { Directives } from '../http/cache-control.ts'
import { type Fields, hasField } from '../http/fields.ts'
import { restriction } from './directives.ts'
import type { Policy } from './policy.ts'

export type SharingRefusal = 'no-store' | 'must-understand' | 'private' | 'set-cookie'

/** Final statuses of RFC 9110 whose caching needs nothing that is missing here. Not 304; and a 206 that is not kept as a part is refused as that. */
const understood: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410,
  411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 500, 501, 502, 503, 504, 505,
])

export interface SharingInput {
  readonly status: number
  readonly fields: Fields
  readonly directives: Directives
  readonly policy: Policy
}

/** The reason why it may not be kept, undefined when it may. */
export function sharingRefusal({ status, fields, directives, policy }: SharingInput): SharingRefusal | undefined {
  const mustUnderstand = directives.has('must-understand')
  if (mustUnderstand && !understood.has(status)) return 'must-understand'
  // RFC 9111 §5.2.2.3: beside must-understand, no-store speaks only to caches that do not know either.
  if (directives.has('no-store') && !mustUnderstand && !policy.override.has('no-store')) return 'no-store'
  if (restriction(directives, 'private', policy) === 'all') return 'private'
  if (policy.setCookie === 'bypass' && setsCookie(fields)) return 'set-cookie'
  return undefined
}

/** Lower-case names of the fields that set cookies. */
export const cookieFields: readonly string[] = ['set-cookie', 'set-cookie2']

function setsCookie(fields: Fields): boolean {
  return cookieFields.some((name) => hasField(fields, name))
}
