/**
 * Which way a request goes: read through the store, written to the origin with purges behind it, or passed. Everything that decides the key
 * is decided here, before anything is looked up.
 */

import { unmatchedRule } from '../cache/entry.ts'
import { isSafe } from '../cache/invalidate.ts'
import { formatPrimaryKey } from '../cache/key.ts'
import { isOriginObeyed } from '../cache/policy.ts'
import { hasOtherPreconditions } from '../http/conditional.ts'
import { hasField } from '../http/fields.ts'
import { formatQuery } from '../http/query.ts'
import type { Request } from '../http/request.ts'
import type { Reason } from '../observe/reasons.ts'
import type { MatchedRule } from '../rules/match.ts'
import { needsIdentity } from '../rules/needs.ts'
import { appendedQuery, renderKey } from '../rules/render.ts'
import type { CacheRule, RuleSet } from '../rules/rule.ts'
import { valuesOf } from '../rules/values.ts'
import type { Instant } from '../time.ts'
import { digestBody } from './body-digest.ts'
import type { Identified } from './identity.ts'
import type { InForce, Traits } from './in-force.ts'
import { makeRoom } from './remembered.ts'
import type { Facts, Pass, Read, Wanting, Way, Write } from './way.ts'

export interface RouteInput {
  readonly request: Request
  readonly hasBody: boolean
  readonly inForce: InForce
  readonly originHost: string
  readonly facts: Facts
  readonly now: Instant
}

/** The way, or what it takes to know it. Never asks for the same thing twice. */
export function route(input: RouteInput): Way | Wanting {
  const { request, inForce } = input
  const remembered = recall(input)
  if (remembered !== undefined) return remembered
  const matched = inForce.matcher.match(request, input.facts.read?.json)
  if (matched.needsJson && input.facts.read === undefined && input.hasBody) return { kind: 'wanting', what: 'body' }
  if (matched.isAmbiguousPath || matched.cache === undefined) return unmatchedWay(input, matched.purges, matched.isAmbiguousPath)
  return ruleWay(input, matched.cache, matched.purges)
}

/** The fast lane: host and target were seen before, under these rules, with nothing else in their key. */
function recall({ request, hasBody, inForce }: RouteInput): Way | undefined {
  // GET alone: a rule may match HEAD and not GET.
  if (inForce.remembered.size === 0 || hasBody || request.method !== 'GET') return undefined
  const read = inForce.remembered.get(memoKey(request))
  if (read === undefined || hasOtherPreconditions(request.fields)) return undefined
  if (read.credentials === 'none-allowed' && hasCredentials(request, inForce.set)) return undefined
  return read
}

function memoKey(request: Request): string {
  return `${request.scheme}//${request.host} ${request.target.raw}`
}

function unmatchedWay(input: RouteInput, purges: readonly MatchedRule[], isAmbiguous: boolean): Way | Wanting {
  const { request, inForce } = input
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (purges.length > 0 || !isSafe(request.method)) return writeWay(input, purges, isAmbiguous)
  if (isAmbiguous) return passWay('path-ambiguous')
  if (inForce.set.unmatched === 'pass') return passWay('unmatched')
  if (!isRead) return passWay('method')
  if (input.hasBody) return passWay('body-not-keyed')
  if (hasOtherPreconditions(request.fields)) return passWay('precondition')
  return rfcRead(input)
}

/** The origin is told the scheme, and where it keeps its Host the host: answers may differ by either. */
function hostInKey({ scheme, host }: Request, originHost: string): { readonly host?: string } {
  const name = originHost === 'keep' ? host : undefined
  if (scheme === 'https') return { host: `https://${name ?? ''}` }
  return name === undefined ? {} : { host: name }
}

/** The host in labels: several names of one origin are one where the origin is told one name. */
export function labelHost(request: Request, originHost: string): string {
  return originHost === 'keep' ? request.host : originHost
}

/** Undefined: not known yet. Nobody, where the rules know no identities. */
function identified({ request, inForce, facts, now }: RouteInput): Identified | undefined {
  if (inForce.identities === undefined) return { kind: 'nobody' }
  return facts.identified ?? inForce.identities.identifyNow(request.fields, now)
}

function passWay(reason: Reason, rule: string = unmatchedRule): Pass {
  return { kind: 'pass', reason, rule }
}

function writeWay(input: RouteInput, purges: readonly MatchedRule[], isAmbiguous: boolean, rule?: string): Write | Wanting {
  const { inForce } = input
  const isIdentityNeeded = purges.some(({ rule }) => needsIdentity((inForce.traits.get(rule) as Traits).purgeNeeds))
  const who = isIdentityNeeded ? identified(input) : undefined
  if (isIdentityNeeded && who === undefined) return { kind: 'wanting', what: 'identity' }
  return {
    kind: 'write',
    purges,
    isAmbiguous,
    identified: who,
    rule: rule ?? purges[0]?.rule.name ?? unmatchedRule,
  }
}

/** Under the RFC alone the key is the URI: host, path and query as they came. */
function rfcRead(input: RouteInput): Read {
  const { request, inForce, originHost } = input
  const { path, query, raw } = request.target
  const key = `uri:${encodeURIComponent(path)}`
  const read: Read = {
    kind: 'read',
    rule: undefined,
    name: unmatchedRule,
    mode: 'on',
    policy: inForce.set.rfc,
    isByRfc: true,
    primaryKey: formatPrimaryKey({
      prefix: inForce.set.prefix,
      key,
      appended: { ...(query === undefined ? {} : { query }), ...hostInKey(request, originHost) },
    }),
    key,
    prefixes: ['uri:'],
    host: labelHost(request, originHost),
    path,
    forwardTarget: raw,
    credentials: 'forwarded',
    identityField: undefined,
    values: valuesOf({ request: withoutFields(request), params: new Map() }),
    purges: [],
    body: undefined,
  }
  if (inForce.conditionalFrom === Number.POSITIVE_INFINITY) remember(input, read)
  return read
}

function ruleWay(input: RouteInput, matched: MatchedRule, purges: readonly MatchedRule[]): Way | Wanting {
  const { request, inForce, facts } = input
  const { rule } = matched
  const cache = rule.cache as CacheRule
  const traits = inForce.traits.get(rule) as Traits
  const bypass = (reason: Reason): Way | Wanting =>
    purges.length > 0 ? writeWay(input, purges, false, rule.name) : passWay(reason, rule.name)
  if (cache.mode === 'off') return bypass('mode-off')
  if (hasOtherPreconditions(request.fields)) return bypass('precondition')
  if (input.hasBody && !cache.isBodyKeyed) return bypass('body-not-keyed')
  if (cache.scope === 'unset' && hasCredentials(request, inForce.set)) return bypass('credentials')
  const isPersonal = cache.scope === 'user' || cache.scope === 'authenticated'
  const isIdentityNeeded = isPersonal || needsIdentity(traits.cacheNeeds)
  const who = isIdentityNeeded ? identified(input) : undefined
  if (isIdentityNeeded) {
    if (who === undefined) return { kind: 'wanting', what: 'identity' }
    if (who.kind === 'invalid') return bypass('identity-invalid')
    if (isPersonal && who.kind === 'nobody') return bypass('identity-missing')
    if (cache.scope === 'authenticated' && !(who.kind === 'somebody' && who.isVerified)) return bypass('identity-missing')
  }
  if (cache.isBodyKeyed && input.hasBody && facts.read === undefined) return { kind: 'wanting', what: 'body' }
  if (facts.read !== undefined && facts.read.body === undefined) return bypass('body-not-keyed')
  const somebody = who?.kind === 'somebody' ? who : undefined
  const values = valuesOf({
    request: traits.isRememberable ? withoutFields(request) : request,
    params: matched.params,
    path: matched.path,
    user: somebody?.user,
    claims: somebody?.claims,
    requestJson: facts.read?.json,
  })
  const rendered = renderKey(cache.key, values)
  if (rendered.kind === 'incomplete') return bypass('key-incomplete')
  const { forKey, forwarded } = appendedQuery(rule, values)
  const query = formatQuery(forwarded)
  const read: Read = {
    kind: 'read',
    rule,
    name: rule.name,
    mode: cache.mode,
    policy: cache.policy,
    isByRfc: isOriginObeyed(cache.policy) && !traits.hasMadeTags,
    primaryKey: formatPrimaryKey({
      prefix: inForce.set.prefix,
      key: rendered.key,
      appended: {
        ...(rendered.apart === undefined ? {} : { values: rendered.apart }),
        ...(forKey === '' ? {} : { query: forKey }),
        ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { method: request.method }),
        ...hostInKey(request, input.originHost),
        ...(cache.scope === 'user' && !traits.isUserInKey ? { identity: somebody?.user as string } : {}),
        ...(facts.read?.body === undefined ? {} : { body: digestBody(request, facts.read.body, facts.read.json) }),
      },
    }),
    key: rendered.key,
    prefixes: rendered.prefixes,
    host: labelHost(request, input.originHost),
    path: request.target.path,
    forwardTarget: query === '' ? request.target.path : `${request.target.path}?${query}`,
    credentials: credentialsOf(cache),
    identityField: somebody?.field,
    values,
    purges,
    body: facts.read?.body,
  }
  if (traits.isRememberable && purges.length === 0) remember(input, read)
  return read
}

function credentialsOf(cache: CacheRule): Read['credentials'] {
  if (cache.scope === 'public') return 'stripped'
  return cache.scope === 'unset' ? 'none-allowed' : 'identity-only'
}

const rememberedLimit = 10_000
/** A target of many small parameters is a hundred times its own length when it is taken apart, and its reads are chosen by clients. */
const longestRemembered = 256

function remember({ request, inForce }: RouteInput, read: Read): void {
  if (read.rule?.cache?.scope === 'authenticated' || request.method !== 'GET') return
  if (request.target.raw.length > longestRemembered) return
  makeRoom(inForce.remembered, rememberedLimit)
  inForce.remembered.set(memoKey(request), read)
}

/** What is remembered for everybody must not hold the fields of the one who came first. */
function withoutFields(request: Request): Request {
  return { ...request, fields: [] }
}

/** Whether the request carries anything that could make its answer personal. */
export function hasCredentials(request: Request, set: RuleSet): boolean {
  if (hasField(request.fields, 'authorization') || hasField(request.fields, 'cookie')) return true
  return set.identity?.from.some((source) => source.kind === 'header' && hasField(request.fields, source.name)) ?? false
}
