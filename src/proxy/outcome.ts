/** What a write makes old: the rules' labels, and those of RFC 9111 §4.4, which hold without any rule. */
import { invalidatedGroups } from '../cache/groups.ts'
import { type InvalidatedUri, invalidatedUris, isSafe } from '../cache/invalidate.ts'
import { allLabel, anyGroupLabel, groupLabel, type Label, maxTagsPerEntry } from '../cache/label.ts'
import { otherReadings } from '../http/path.ts'
import type { Request } from '../http/request.ts'
import type { ResponseHead } from '../http/response.ts'
import { uriCause } from '../observe/tally.ts'
import type { Json } from '../rules/json.ts'
import type { MatchedRule } from '../rules/match.ts'
import { needsOf } from '../rules/needs.ts'
import type { PurgeRule } from '../rules/rule.ts'
import type { ValueRoot } from '../rules/template.ts'
import { isTriggered, labelsForUri, statusMatches, triggerLabels } from '../rules/trigger.ts'
import { type Values, valuesOf } from '../rules/values.ts'
import { type Milliseconds, milliseconds, toMilliseconds } from '../time.ts'
import { bodyJson } from './body-json.ts'
import type { Identified } from './identity.ts'
import type { InForce } from './in-force.ts'
import type { ProxySettings } from './parts.ts'
import type { PurgeWork } from './purge.ts'
import { labelHost } from './route.ts'
import type { Visit } from './visit.ts'

/** How a write ended. `unknown`: something was sent and no whole answer came, or it is about to be sent. */
export type Outcome =
  | { readonly kind: 'unknown'; readonly request: Uint8Array | undefined }
  | {
      readonly kind: 'answered' | 'server-error'
      /** The request's body, where it was read. */
      readonly request: Uint8Array | undefined
      readonly head: ResponseHead
      readonly json: Json | undefined
      /** The answer broke off behind its head. */
      readonly isCut?: boolean
    }

/** Whether some purge's templates look there. */
export function purgesNeed(purges: readonly MatchedRule[], root: ValueRoot): boolean {
  return purges.some(({ rule }) => {
    const { keys, patterns, tags, when } = rule.purge as PurgeRule
    return needsOf([...keys, ...patterns, ...tags, ...(when === undefined ? [] : [when])]).has(root)
  })
}

/** What is looked at of a write's way. */
export interface Purging {
  readonly purges: readonly MatchedRule[]
  readonly identified: Identified | undefined
  /** Whether RFC 9111 §4.4 applies: not for a POST that a rule reads through the cache. */
  readonly isUriInvalidated: boolean
}

/** A request, and the rules that it meets. */
export interface Occasion {
  readonly request: Request
  readonly inForce: InForce
  readonly originHost: ProxySettings['originHost']
}

export async function purgeWorkOf(visit: Visit, way: Purging, outcome: Outcome): Promise<PurgeWork> {
  const { request, inForce, parts } = visit
  const { originHost, jsonLimit, originPatience } = parts.settings
  const json = outcome.request === undefined ? undefined : await bodyJson(request, outcome.request, jsonLimit)
  const { settles, ...named } = labelsMadeOld({ request, inForce, originHost }, way, { ...outcome, requestJson: json })
  // Rules that came into force meanwhile may have stored what these cannot name.
  const current = parts.inForce().label
  const hard = new Set(named.hard)
  if (hard.size + named.soft.size > 0 && current !== inForce.label) hard.add(current)
  return { ...named, hard, again: momentsAgain(outcome, settles, originPatience) }
}

export interface Named extends Omit<PurgeWork, 'again'> {
  /** `settle` of the rules that apply. */
  readonly settles: readonly Milliseconds[]
}

/** By the rules and the request alone; what is not known is widened. */
export function labelsMadeOld(
  { request, inForce, originHost }: Occasion,
  way: Purging,
  outcome: Outcome & { readonly requestJson: Json | undefined },
): Named {
  const hard = new Set<Label>()
  const soft = new Set<Label>()
  const causes: string[] = []
  const settles: Milliseconds[] = []
  let widened = 0
  const identified = way.identified?.kind === 'somebody' ? way.identified : undefined
  for (const { rule, params, path } of way.purges) {
    const trigger = rule.purge as PurgeRule
    const values = valuesOf({
      request,
      params,
      path,
      user: identified?.user,
      claims: identified?.claims,
      requestJson: outcome.requestJson,
      ...(outcome.kind === 'unknown'
        ? {}
        : { response: { status: outcome.head.status, fields: outcome.head.fields, json: outcome.json } }),
    })
    if (!applies(trigger, outcome, values)) continue
    const made = triggerLabels(trigger, values, inForce.set)
    const target = trigger.isSoft || outcome.kind === 'server-error' ? soft : hard
    for (const label of made.labels) target.add(label)
    widened += made.widened
    causes.push(rule.name)
    if (trigger.settle !== undefined) settles.push(toMilliseconds(trigger.settle))
  }
  const target = outcome.kind === 'server-error' ? soft : hard
  // RFC 9111 §4.4: an error invalidates nothing. Where a rule names this write, what it may have done is doubted as a whole.
  const isDoubted = outcome.kind !== 'server-error' || way.purges.length > 0
  if (way.isUriInvalidated && isDoubted) for (const label of uriLabels(request, originHost, outcome)) target.add(label)
  return { causes: causes.length === 0 ? [uriCause] : causes, hard, soft, widened, settles }
}

/**
 * An origin that answered has committed by now. One that did not answer whole, or failed, may do so until its time is over. Behind either moment
 * its replicas follow by each `settle`. All of these, not the last one alone: what was read old in between would live until then.
 */
function momentsAgain(outcome: Outcome, settles: readonly Milliseconds[], patience: Milliseconds): Milliseconds[] {
  const isOver = outcome.kind === 'answered' && outcome.isCut !== true
  const commits = isOver ? [0] : [0, patience]
  const moments = commits.flatMap((commit) => [commit, ...settles.map((settle) => commit + settle)])
  return [...new Set(moments)].filter((moment) => moment > 0).map(milliseconds)
}

/** An outcome that is not known counts as a success, whatever statuses the rule names. */
function applies(trigger: PurgeRule, outcome: Outcome, values: Values): boolean {
  if (outcome.kind !== 'answered') return true
  return statusMatches(trigger.status, outcome.head.status) && isTriggered(trigger, values)
}

function uriLabels(request: Request, originHost: ProxySettings['originHost'], outcome: Outcome): Label[] {
  if (isSafe(request.method)) return []
  const host = labelHost(request, originHost)
  const own: InvalidatedUri = { host: request.host, path: request.target.path }
  const uris = outcome.kind === 'answered' ? invalidatedUris(request, outcome.head) : [own]
  const labels = uris.flatMap((uri) =>
    [uri.path, ...otherReadings(uri.path)].flatMap((path) => labelsForUri(uri.host === request.host ? host : uri.host, path)),
  )
  if (outcome.kind !== 'answered') return labels
  return [...labels, ...groupLabels(host, invalidatedGroups(request, outcome.head))]
}

/** More than one purge may name are everything: rather too much than too little. */
function groupLabels(host: string, groups: readonly string[]): Label[] {
  if (groups.length === 0) return []
  if (groups.length > maxTagsPerEntry) return [allLabel]
  return [anyGroupLabel(host), ...groups.map((group) => groupLabel(host, group))]
}
