/** A 304 on behalf of the store: the stored response with its fields, its stamp and its time, put back where it lay. */
import type { Times } from '../cache/age.ts'
import type { Entry } from '../cache/entry.ts'
import { cacheGroups } from '../cache/groups.ts'
import { isTagOrGroup, type Label, maxTagsPerEntry } from '../cache/label.ts'
import { storable } from '../cache/storable.ts'
import { freshen, isValidatable, meantBy } from '../cache/validate.ts'
import { selectorOf, variantKey } from '../cache/variant.ts'
import type { OriginResponse } from '../origin/origin.ts'
import { bodyOf } from './at-rest.ts'
import type { Errand, Fill } from './errand.ts'
import { credentialsOf } from './forward.ts'
import { allLabels } from './keep.ts'
import { lentEntry } from './lend.ts'
import { headOf } from './origin-head.ts'
import { isOvertaken } from './overtaken.ts'
import type { Parts } from './parts.ts'
import { putEntry, rememberSelector } from './put.ts'

export type Freshened = Extract<Fill, { kind: 'freshened' }>

/**
 * RFC 9111 §4.3.4. Undefined: the 304 names another representation than ours, or ours cannot be had back: ask again, without validators.
 */
export async function confirm(
  parts: Parts,
  errand: Errand,
  { response, times }: { readonly response: OriginResponse; readonly times: Times },
): Promise<Freshened | undefined> {
  response.body.on('error', () => {})
  response.body.resume()
  const head = headOf(response)
  const meant = errand.validated && meantBy(head, errand.validated)
  const isLent = meant?.kind === 'lent'
  const stored = isLent ? await lentEntry(parts, errand, meant.tagged) : meant?.entry
  const body = stored && (await bodyOf(stored))
  if (stored === undefined || body === undefined) return undefined
  const { read } = errand
  const { fields } = errand.asker.request
  const renewed = freshen(stored, head, { ...times, stamp: errand.stamp, policy: read.policy })
  const selector = selectorOf(renewed.fields, read.policy)
  const labels = await renewedLabels(parts, errand, { entry: renewed, body, isLent })
  const entry: Entry = { ...renewed, vary: selector === '*' ? stored.vary : selector, labels: labels ?? stored.labels }
  const verdict = storable({
    request: errand.asker.request,
    response: entry,
    framing: 'none',
    isPart: entry.part !== undefined,
    credentials: credentialsOf(read, errand.asker.request.fields, errand.inForce.set),
    policy: read.policy,
    times,
    isBodyKeyed: read.body !== undefined,
  })
  const freshened: Freshened = {
    kind: 'freshened',
    entry,
    body,
    isShared: verdict.kind === 'storable',
    isStored: false,
    variantKey: variantKey(read.primaryKey, entry.vary, fields, read.policy),
  }
  if (verdict.kind === 'not-storable' || labels === undefined || (isLent && !errand.isStored)) return freshened
  if (isOvertaken(parts, entry)) return freshened
  if (entry.vary.length > 0) rememberSelector(parts, read, entry.vary, times.responseTime)
  const { lifetime } = verdict
  const put = await putEntry(parts, errand.read, {
    entry,
    selector: entry.vary,
    fields,
    lifetime,
    isValidatable: isValidatable(entry),
  })
  return { ...freshened, isStored: put === 'stored' }
}

/**
 * A 304 may renew the fields that tags and groups come from: then what either answer said reaches the entry. So does what another request says,
 * which is now answered by it too. Undefined: what it says cannot be read, or is too much.
 */
async function renewedLabels(
  parts: Parts,
  errand: Errand,
  { entry, body, isLent }: Pick<Freshened, 'entry' | 'body'> & { readonly isLent: boolean },
): Promise<readonly Label[] | undefined> {
  const { rule } = errand.read
  const hasMadeTags = rule !== undefined && errand.inForce.traits.get(rule)?.hasMadeTags === true
  if (!isLent && !hasMadeTags && cacheGroups(entry.fields).length === 0) return entry.labels
  const labels = await allLabels(parts, errand, entry, body)
  if (labels.kind === 'no') return undefined
  const both = [...new Set([...entry.labels, ...labels.labels])]
  return both.filter(isTagOrGroup).length > maxTagsPerEntry ? undefined : both
}
