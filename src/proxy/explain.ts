/**
 * Why a request would be answered as it would be: the very code that answers requests, asked without forwarding anything and without
 * changing what is stored or remembered.
 */
import { type Decision, decide } from '../cache/decide.ts'
import { unmatchedRule } from '../cache/entry.ts'
import type { Label } from '../cache/label.ts'
import type { Request } from '../http/request.ts'
import type { Reason } from '../observe/reasons.ts'
import type { PurgeRule } from '../rules/rule.ts'
import { toSeconds } from '../time.ts'
import { crowdOf } from './crowd.ts'
import type { Identified } from './identity.ts'
import { look } from './look.ts'
import { type Found, joinLabels } from './lookup.ts'
import { labelsMadeOld, type Occasion, type Purging } from './outcome.ts'
import type { Parts } from './parts.ts'
import { route } from './route.ts'
import type { Facts, Read, Way, Write } from './way.ts'

export interface Explanation {
  readonly rule: string
  readonly way: Way['kind']
  readonly outcome: 'serve' | 'serve-stale' | 'validate' | 'complete' | 'fetch' | 'refuse' | 'pass' | 'write'
  readonly reason: Reason
  /** Undefined where the request has no key. */
  readonly key?: string
  /** As the origin would see the request. */
  readonly forwardTarget?: string
  readonly credentials?: Read['credentials']
  readonly identity?: 'nobody' | 'invalid' | 'somebody'
  readonly labels?: readonly Label[]
  readonly entry?: {
    readonly status: number
    readonly ageSeconds: number
    readonly ttlSeconds: number | undefined
    readonly lifetimeSeconds: number | undefined
    /** Where the lifetime comes from. */
    readonly source: string
    readonly validity: string
  }
  /** Purge rules that a success of this request would trigger. */
  readonly purges?: readonly string[]
  /** What that would purge, as far as the request's head tells. */
  readonly purging?: {
    readonly labels: readonly Label[]
    /** How many templates look into a body or an answer, or find nothing: they reach further than they are written. */
    readonly widened: number
    /** In seconds, when it would be purged a second time. */
    readonly settles: readonly number[]
    readonly onPurgeFailure: PurgeRule['onPurgeFailure']
  }
  /** What an operator may want to know besides. */
  readonly notes: readonly string[]
}

export async function explain(parts: Parts, request: Request): Promise<Explanation> {
  const inForce = parts.inForce()
  const now = parts.clock.now()
  const identified = await inForce.identities?.identify(request.fields, now)
  const facts: Facts = identified === undefined ? {} : { identified }
  const way = route({ request, hasBody: false, inForce, originHost: parts.settings.originHost, facts, now })
  if (way.kind === 'wanting') {
    return {
      rule: unmatchedRule,
      way: 'pass',
      outcome: 'pass',
      reason: 'body-not-keyed',
      notes: ['The key needs a body, which explain does not send'],
    }
  }
  if (way.kind === 'pass')
    return { rule: way.rule, way: 'pass', outcome: 'pass', reason: way.reason, ...identityOf(identified), notes: [] }
  if (way.kind === 'write') {
    const occasion = { request, inForce, originHost: parts.settings.originHost }
    return explainWrite(occasion, way, identified)
  }
  return explainRead(parts, request, { way, identified })
}

export function explainWrite(occasion: Occasion, way: Write, identified: Identified | undefined): Explanation {
  const notes = way.isAmbiguous ? ['The path can be read in two ways: every purge rule applies, to all that it can reach'] : []
  return {
    rule: way.rule,
    way: 'write',
    outcome: 'write',
    reason: 'write',
    ...explainPurges(occasion, { ...way, isUriInvalidated: true }),
    ...identityOf(identified),
    notes,
  }
}

/** As of a write whose outcome is not known: every rule counts, and what the answer would tell is widened. */
export function explainPurges(occasion: Occasion, way: Purging): Pick<Explanation, 'purges' | 'purging'> {
  const { hard, soft, widened, settles } = labelsMadeOld(occasion, way, {
    kind: 'unknown',
    request: undefined,
    requestJson: undefined,
  })
  return {
    purges: way.purges.map(({ rule }) => rule.name),
    purging: {
      labels: [...new Set([...hard, ...soft])],
      widened,
      settles: [...new Set(settles.map(toSeconds))],
      onPurgeFailure: way.purges.some(({ rule }) => rule.purge?.onPurgeFailure === 'refuse') ? 'refuse' : 'queue',
    },
  }
}

interface Reading {
  readonly way: Read
  readonly identified: Identified | undefined
}

async function explainRead(parts: Parts, request: Request, { way, identified }: Reading): Promise<Explanation> {
  const inForce = parts.inForce()
  const now = parts.clock.now()
  const sought = { read: way, fields: request.fields, inForce, now }
  const decisionOn = ({ entry, validity }: Found): Decision => decide({ entry, validity, request, policy: way.policy, now })
  const found = await look(parts, sought, (near) => decisionOn(near).kind === 'serve')
  const decision = decisionOn(found)
  const lifetime = found.entry === undefined ? undefined : inForce.lifetimeOf(found.entry, way.policy)
  const notes: string[] = []
  if (lifetime?.isRuleOverruledByOrigin === true) {
    notes.push(
      `The rule's ttl is not used: the origin sends a lifetime of its own (${lifetime.source}); write "override: [max-age]" to use the rule's`,
    )
  }
  if (parts.memory.hitForMiss.recall(crowdOf(way.primaryKey, sought), now) === true)
    notes.push('The last answer to this key was not storable (hit-for-miss)')
  const ttl = 'ttl' in decision ? decision.ttl : undefined
  const occasion = { request, inForce, originHost: parts.settings.originHost }
  return {
    rule: way.name,
    way: 'read',
    outcome: found.stamp === undefined ? 'pass' : decision.kind,
    reason: found.stamp === undefined ? 'ledger-unavailable' : reasonOf(decision, found.miss),
    key: way.primaryKey,
    forwardTarget: way.forwardTarget,
    credentials: way.credentials,
    labels: found.entry?.labels ?? joinLabels(way, inForce),
    ...identityOf(identified),
    ...(found.entry === undefined || lifetime === undefined
      ? {}
      : {
          entry: {
            status: found.entry.status,
            ageSeconds: Math.floor((now - found.entry.responseTime) / 1000 + found.entry.initialAge),
            ttlSeconds: ttl === undefined || ttl === Number.POSITIVE_INFINITY ? undefined : Math.floor(ttl),
            lifetimeSeconds: lifetime.fresh === Number.POSITIVE_INFINITY ? undefined : lifetime.fresh,
            source: lifetime.source,
            validity: found.validity.kind,
          },
        }),
    ...(way.purges.length === 0 ? {} : explainPurges(occasion, { purges: way.purges, identified, isUriInvalidated: false })),
    notes,
  }
}

function reasonOf(decision: Decision, miss: 'uri-miss' | 'vary-miss'): Reason {
  switch (decision.kind) {
    case 'serve':
      return 'fresh'
    case 'serve-stale':
      return 'stale-while-revalidate'
    case 'validate':
    case 'complete':
      return decision.reason
    case 'fetch':
      return decision.reason === 'uri-miss' ? miss : decision.reason
    case 'refuse':
      return 'only-if-cached'
  }
}

/** The identity itself is not told. */
function identityOf(identified: Identified | undefined): Pick<Explanation, 'identity'> {
  return identified === undefined ? {} : { identity: identified.kind }
}
