/** What a write makes old: the rules' labels, and those of RFC 9111 §4.4, which hold without any rule. */
import { invalidatedGroups } from '../cache/groups.ts'
import { type InvalidatedUri, invalidatedUris, isSafe } from '../cache/invalidate.ts'
import { allLabel, anyGroupLabel, groupLabel, type Label, maxTagsPerEntry } from '../cache/label.ts'
import { otherReadings } from '../http/path.ts'
import type { ResponseHead } from '../http/response.ts'
import { uriCause } from '../observe/tally.ts'
import { OriginError } from '../origin/origin.ts'
import type { Json } from '../rules/json.ts'
import type { MatchedRule } from '../rules/match.ts'
import { needsOf } from '../rules/needs.ts'
import type { PurgeRule } from '../rules/rule.ts'
import type { ValueRoot } from '../rules/template.ts'
import { isTriggered, labelsForUri, statusMatches, triggerLabels } from '../rules/trigger.ts'
import { type Values, valuesOf } from '../rules/values.ts'
import { bodyJson } from './body-json.ts'
import type { Identified } from './identity.ts'
import { type PurgeResult, type PurgeWork, purge } from './purge.ts'
import { labelHost } from './route.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'

/** How a write ended. `unknown`: something was sent and no whole answer came. */
export type Outcome =
  | { readonly kind: 'unknown'; readonly request: Uint8Array | undefined }
  | {
      readonly kind: 'answered' | 'server-error'
      /** The request's body, where it was read. */
      readonly request: Uint8Array | undefined
      readonly head: ResponseHead
      readonly json: Json | undefined
    }

/** Whether some purge's templates look there. */
export function purgesNeed(purges: readonly MatchedRule[], root: ValueRoot): boolean {
  return purges.some(({ rule }) => {
    const { keys, patterns, tags, when } = rule.purge as PurgeRule
    return needsOf([...keys, ...patterns, ...tags, ...(when === undefined ? [] : [when])]).has(root)
  })
}

/** What `purgeWorkOf` looks at of a write. */
export interface Purging {
  readonly purges: readonly MatchedRule[]
  readonly identified: Identified | undefined
  /** Whether RFC 9111 §4.4 applies: not for a POST that a rule reads through the cache. */
  readonly isUriInvalidated: boolean
}

export async function purgeWorkOf(visit: Visit, way: Purging, outcome: Outcome): Promise<PurgeWork> {
  const { request, inForce, parts } = visit
  const hard = new Set<Label>()
  const soft = new Set<Label>()
  const causes: string[] = []
  let widened = 0
  const identified = way.identified?.kind === 'somebody' ? way.identified : undefined
  const json = outcome.request === undefined ? undefined : await bodyJson(request, outcome.request, parts.settings.jsonLimit)
  for (const { rule, params, path } of way.purges) {
    const trigger = rule.purge as PurgeRule
    const values = valuesOf({
      request,
      params,
      path,
      user: identified?.user,
      claims: identified?.claims,
      requestJson: json,
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
  }
  const target = outcome.kind === 'server-error' ? soft : hard
  // RFC 9111 §4.4: an error invalidates nothing. Where a rule names this write, what it may have done is doubted as a whole.
  const isDoubted = outcome.kind !== 'server-error' || way.purges.length > 0
  if (way.isUriInvalidated && isDoubted) for (const label of uriLabels(visit, outcome)) target.add(label)
  // Rules that came into force meanwhile may have stored what these cannot name.
  const current = parts.inForce().label
  if (hard.size + soft.size > 0 && current !== inForce.label) hard.add(current)
  return { causes: causes.length === 0 ? [uriCause] : causes, hard, soft, widened }
}

/** An outcome that is not known counts as a success, whatever statuses the rule names. */
function applies(trigger: PurgeRule, outcome: Outcome, values: Values): boolean {
  if (outcome.kind !== 'answered') return true
  return statusMatches(trigger.status, outcome.head.status) && isTriggered(trigger, values)
}

function uriLabels(visit: Visit, outcome: Outcome): Label[] {
  const { request, parts } = visit
  if (isSafe(request.method)) return []
  const host = labelHost(request, parts.settings.originHost)
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

/** A rule that both caches and purges: a read that was forwarded purges like a write, before it is answered. `ended`: its answer, or none. */
export async function purgeBehindRead(visit: Visit, way: Read, ended: ResponseHead | OriginError): Promise<void> {
  if (way.purges.length === 0 || (ended instanceof OriginError && !ended.isSent)) return
  const identified = await visit.inForce.identities?.identify(visit.request.fields, visit.now)
  const outcome: Outcome =
    ended instanceof OriginError
      ? { kind: 'unknown', request: way.body }
      : { kind: ended.status >= 500 ? 'server-error' : 'answered', request: way.body, head: ended, json: undefined }
  await purgeBehind(visit, await purgeWorkOf(visit, { purges: way.purges, identified, isUriInvalidated: false }, outcome))
}

/** Purges, and has the answer say when that could not be done yet. */
export async function purgeBehind(visit: Visit, work: PurgeWork): Promise<PurgeResult> {
  const result = await purge(visit.parts, work)
  if (result.kind === 'queued' && visit.ownFields.length === 0) visit.ownFields.push('Springhouse-Purge', 'queued')
  return result
}
