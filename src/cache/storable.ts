/**
 * Whether a response may be kept for other requests (RFC 9111 §3, §3.5), judged at its head. Every refusal has a name; when in doubt, the
 * answer is no. What only the body can show (cut, over-long, tags unread) is for whoever captures it.
 */
import { parseCacheControl } from '../http/cache-control.ts'
import { type Fields, fieldValue, hasField } from '../http/fields.ts'
import { isEventStream, mediaTypeOf } from '../http/media-type.ts'
import { parseContentRange } from '../http/range.ts'
import type { Request } from '../http/request.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Seconds } from '../time.ts'
import { initialAge, type Times } from './age.ts'
import { type Governing, governing, restriction } from './directives.ts'
import { isHeuristicallyCacheable, type Lifetime, lifetimeOf } from './freshness.ts'
import { isOriginObeyed, type Policy } from './policy.ts'
import { type SharingRefusal, sharingRefusal } from './sharing.ts'
import { isValidatable } from './validate.ts'
import { selectorOf } from './variant.ts'

/** Why a response is not stored; also reasons of the closed list. */
export type StorableRefusal =
  | SharingRefusal
  | 'method'
  | 'event-stream'
  | 'partial'
  | 'no-provable-end'
  | 'too-large'
  | 'authorization'
  | 'cookie'
  | 'vary-any'
  | 'status'
  | 'no-cache'
  | 'no-lifetime'

export type Storable =
  /** `initialAge` goes into the entry: the stored fields no longer tell it. */
  | { readonly kind: 'storable'; readonly lifetime: Lifetime; readonly initialAge: Seconds }
  | { readonly kind: 'not-storable'; readonly reason: StorableRefusal }

/**
 * Whose the forwarded request was. `keyed`: an identity is part of the key, or the scope shares among the verified: that the answer is somebody's
 * is known and taken care of. `authorization` and `cookie`: credentials went to the origin and nothing in the key says so.
 */
export type Credentials = 'none' | 'keyed' | 'authorization' | 'cookie'

export interface StorableInput {
  readonly request: Request
  /** Raw fields or end-to-end ones. */
  readonly response: ResponseHead
  readonly framing: 'none' | 'length' | 'chunked' | 'orderly-close' | 'close'
  /** Where the framing tells it; else the Content-Length field is looked at. */
  readonly contentLength?: number | undefined
  readonly credentials: Credentials
  readonly policy: Policy
  readonly times: Times
  /** A rule caches this POST or QUERY and has its body in the key. */
  readonly isBodyKeyed?: boolean
  /** A single range, which is kept as a part. */
  readonly isPart?: boolean
}

export function storable(input: StorableInput): Storable {
  const { response, policy, times } = input
  const governed = governing(response.fields)
  const refusal =
    refusalOfMessage(input) ??
    refusalOfRequest(input) ??
    sharingRefusal({ ...response, directives: governed.directives, policy }) ??
    refusalOfCredentials(input, governed)
  if (refusal !== undefined) return refuse(refusal)
  if (selectorOf(response.fields, policy) === '*') return refuse('vary-any')
  const lifetime = lifetimeOf(response, times, policy)
  if (!isLifetimeGiven(response.status, lifetime, governed)) return refuse('status')
  // A rule's ttl is for the statuses that it covers: its windows alone would keep an error in place of what is good.
  if (!isOriginObeyed(policy) && lifetime.source === 'none') return refuse('no-lifetime')
  const age = initialAge(response.fields, times)
  if (isValidatable(response) || isEverUsable(lifetime, age)) return { kind: 'storable', lifetime, initialAge: age }
  return refuse(restriction(governed.directives, 'no-cache', policy) === 'all' ? 'no-cache' : 'no-lifetime')
}

function refuse(reason: StorableRefusal): Storable {
  return { kind: 'not-storable', reason }
}

/** What kind of message it is; nothing a rule could overrule. */
function refusalOfMessage(input: StorableInput): StorableRefusal | undefined {
  const { request, response, framing, policy, isBodyKeyed } = input
  const isKeyed = isBodyKeyed === true && (request.method === 'POST' || request.method === 'QUERY')
  if (request.method !== 'GET' && !isKeyed) return 'method'
  if (isEventStream(mediaTypeOf(response.fields))) return 'event-stream'
  // RFC 9110 §14.4: beside another status it means nothing. One that can be read may all the same be told by a part that was mislabelled.
  const isMarked = response.status === 206 || parseContentRange(fieldValue(response.fields, 'content-range')) !== undefined
  if (input.isPart !== true && isMarked) return 'partial'
  if (response.status < 200 || response.status === 304) return 'status'
  if (framing === 'close') return 'no-provable-end'
  const length = input.contentLength ?? Number(fieldValue(response.fields, 'content-length') ?? 0)
  if (length > policy.maxSize) return 'too-large'
  return undefined
}

/** Whether the client wants its answer kept by nobody (RFC 9111 §5.2.1.5), where clients have a say. */
export function isForItselfAlone({ fields }: Request, { clientDirectives }: Policy): boolean {
  return clientDirectives === 'obey' && parseCacheControl(fieldValue(fields, 'cache-control')).has('no-store')
}

function refusalOfRequest({ request, policy }: StorableInput): StorableRefusal | undefined {
  return isForItselfAlone(request, policy) ? 'no-store' : undefined
}

/**
 * RFC 9111 §3.5 for Authorization; stricter than the RFC for Cookie, where frameworks say must-revalidate by default and mean no permission by
 * it. A lifetime in a targeted field is said to shared caches alone, as s-maxage is.
 */
function refusalOfCredentials({ request, credentials }: StorableInput, governed: Governing): StorableRefusal | undefined {
  if (credentials === 'none' || credentials === 'keyed') return undefined
  const { directives, isTargeted } = governed
  if (directives.has('public') || directives.has('s-maxage') || (isTargeted && directives.has('max-age'))) return undefined
  if (credentials === 'cookie') return 'cookie'
  if (!directives.has('must-revalidate')) return 'authorization'
  return carriesCookie(request.fields) ? 'cookie' : undefined
}

function carriesCookie(fields: Fields): boolean {
  return hasField(fields, 'cookie')
}

/** RFC 9111 §3, last condition: a lifetime of any source, even 0, or a status or `public` that makes one unnecessary. */
function isLifetimeGiven(status: number, lifetime: Lifetime, { directives }: Governing): boolean {
  return lifetime.source !== 'none' || isHeuristicallyCacheable(status) || directives.has('public')
}

/** Whether it can answer anything without asking the origin, now or stale. */
function isEverUsable(lifetime: Lifetime, age: Seconds): boolean {
  const window = lifetime.isStaleForbidden ? 0 : Math.max(lifetime.staleWhileRevalidate, lifetime.staleIfError)
  return lifetime.fresh + window > age
}
