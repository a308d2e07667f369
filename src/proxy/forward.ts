/**
 * What the origin gets to see. A request that is passed goes as it came, less what belongs to the connection; one whose answer may be stored
 * goes without anything that could steer the answer and is not in the key.
 */
import type { Credentials } from '../cache/storable.ts'
import { conditionFields, type Validating } from '../cache/validate.ts'
import { normaliseAcceptEncoding } from '../http/accept-encoding.ts'
import { type Fields, fieldValue, hasField, withField, withoutFields } from '../http/fields.ts'
import { forwardedFields } from '../http/forwarded.ts'
import { endToEnd } from '../http/hop-by-hop.ts'
import { negotiate } from '../http/negotiate.ts'
import { withVia } from '../http/via.ts'
import type { OriginRequest } from '../origin/origin.ts'
import type { RuleSet } from '../rules/rule.ts'
import type { Asker } from './errand.ts'
import type { Exchange } from './exchange.ts'
import { fieldOf } from './identity.ts'
import type { ProxySettings } from './parts.ts'
import type { Read } from './way.ts'

/** A request as it came. */
export function passRequest(exchange: Exchange, body: OriginRequest['body'], settings: ProxySettings): OriginRequest {
  const { request } = exchange
  return {
    method: request.method,
    target: request.target.raw,
    fields: ownFields(request.fields, exchange, settings),
    body,
    onInterim: (status, fields) => exchange.interim(status, endToEnd(fields)),
  }
}

/** Client validators and Range are answered from the stored body, so the origin is asked for the whole. */
const conditional = ['if-none-match', 'if-modified-since', 'if-range'] as const

/** Which host a client asked for is told by the key's own, never by what another proxy of ours let through: that is not in the key. */
export const claims = ['x-forwarded-host', 'forwarded'] as const

export interface FillRequest {
  readonly read: Read
  readonly asker: Asker
  readonly set: RuleSet
  readonly settings: ProxySettings
  /** The stored responses whose validators go along. */
  readonly validated: Validating | undefined
  /** Forwards the client's Range: the whole would not be stored anyway. */
  readonly isRangeKept: boolean
  /** Range and If-Range that ask for the rest of a stored part. */
  readonly completing?: Fields
  readonly onInterim?: (status: number, fields: Fields) => void
}

/** A request whose answer may be stored. */
export function fillRequest({
  read,
  asker,
  set,
  settings,
  validated,
  isRangeKept,
  completing,
  onInterim,
}: FillRequest): OriginRequest {
  const removed = new Set<string>([...conditional, ...claims])
  if (!isRangeKept) removed.add('range')
  else removed.delete('if-range')
  for (const name of strippedCredentials(read, set)) removed.add(name)
  let fields: Fields = withoutFields(asker.request.fields, removed)
  fields = normalisedSelectors(fields, read)
  if (validated !== undefined) fields = [...fields, ...conditionFields(validated)]
  if (completing !== undefined) fields = [...fields, ...completing]
  return {
    method: asker.request.method,
    target: read.forwardTarget,
    fields: ownFields(fields, toldHost(asker, read.host), settings),
    body: read.body,
    ...(onInterim === undefined ? {} : { onInterim }),
  }
}

/** By name: an exchange's members are no own properties, which spreading would copy. */
function toldHost({ request, clientAddress, isTrusted }: Asker, host: string): Asker {
  return { request: { ...request, host }, clientAddress, isTrusted }
}

/** Fields that selected variants go in the form in which they are keyed, so that the key shows what the origin saw. */
function normalisedSelectors(fields: Fields, read: Read): Fields {
  let kept = fields
  if (read.policy.vary.get('accept-encoding') === undefined) {
    const codings = normaliseAcceptEncoding(fieldValue(fields, 'accept-encoding'))
    kept = codings === '' ? withoutFields(kept, new Set(['accept-encoding'])) : withField(kept, 'Accept-Encoding', codings)
  }
  for (const [name, rule] of read.policy.vary) {
    if (rule === 'exact') continue
    if (rule === 'ignore') kept = withoutFields(kept, new Set([name]))
    else kept = withField(kept, name, negotiate(name, fieldValue(fields, name), rule))
  }
  return kept
}

/**
 * `scope: public`: none, so that the answer is the same for everybody. `user` and `authenticated`: the one alone that the identity was taken from,
 * since the key does not show the others; `identity.forward` names exceptions.
 */
function strippedCredentials(read: Read, set: RuleSet): Set<string> {
  const names = new Set<string>()
  if (read.credentials === 'forwarded' || read.credentials === 'none-allowed') return names
  for (const name of credentialFields(set)) {
    const isKept =
      read.credentials === 'identity-only' && (name === read.identityField || set.identity?.forward.has(name) === true)
    if (!isKept) names.add(name)
  }
  return names
}

/** Lower-case names of the fields that say who asks: the usual ones, and those that the rules take an identity from. */
export function credentialFields({ identity }: RuleSet): ReadonlySet<string> {
  return new Set(['authorization', 'cookie', ...(identity?.from ?? []).map(fieldOf)])
}

/** The fields with who is asking, through whom, and under which name. */
export function ownFields(fields: Fields, asker: Asker, settings: ProxySettings): Fields {
  const { request, clientAddress, isTrusted } = asker
  let own = forwardedFields({
    fields,
    clientAddress,
    scheme: request.scheme,
    host: request.host,
    isTrusted,
    sendForwarded: settings.sendForwarded,
  })
  if (settings.originHost !== 'keep') own = withField(own, 'Host', settings.originHost)
  return settings.sendVia ? withVia(own) : own
}

/** Whose the request is that the origin gets: what `storable` wants to know. */
export function credentialsOf(read: Read, fields: Fields, set: RuleSet): Credentials {
  if (read.credentials === 'identity-only') return 'keyed'
  if (read.credentials !== 'forwarded') return 'none'
  // An API key that the rules know as an identity makes an answer as personal as Authorization does.
  const isPersonal = [...credentialFields(set)].some((name) => name !== 'cookie' && hasField(fields, name))
  if (isPersonal) return 'authorization'
  return hasField(fields, 'cookie') ? 'cookie' : 'none'
}
