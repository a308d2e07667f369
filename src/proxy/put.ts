/**
 * An entry's place in the store: under its key, or, where answers vary, under its variant key, with the list in front of it that leads there.
 * What is newer and lies there already stays.
 */
import type { Spoken, Stored, Tagged } from '../cache/entry.ts'
import type { Lifetime } from '../cache/freshness.ts'
import { withTagged } from '../cache/lend.ts'
import { inTiers, retention } from '../cache/retention.ts'
import { languageOf, nameOfLanguage, variantKey } from '../cache/variant.ts'
import { type KeepFor, timeIn } from '../store/store.ts'
import { type Instant, later, seconds } from '../time.ts'
import { type Lender, taggedOf } from './lend.ts'
import { isNewerStored } from './newer.ts'
import type { Parts } from './parts.ts'
import type { Read } from './way.ts'

export interface Puttable extends Lender {
  readonly lifetime: Lifetime
  readonly isValidatable: boolean
}

/** Variants by more field sets than these under one key: the oldest set is forgotten, its variants with it. */
const maxSelectors = 4
/** Variants in more languages than these under one key: the oldest is found by its request's own fields alone. */
const maxLanguages = 32
const day = seconds(86_400)
const selectorsFor = seconds(3600)

/** Known before the first variant is stored: whoever asks meanwhile looks for its own. */
export function rememberSelector(parts: Parts, read: Read, selector: readonly string[], now: Instant): void {
  const known = parts.memory.selectors.recall(read.primaryKey, now) ?? []
  const name = selector.join()
  const others = known.filter((other) => other.join() !== name)
  parts.memory.selectors.remember(read.primaryKey, [selector, ...others].slice(0, maxSelectors), later(now, selectorsFor))
}

export type Put = 'stored' | 'newer-stored' | 'store-unavailable'

/** Puts an entry under its key, or, where answers vary, under its variant key with the list of selectors in front of it. */
export async function putEntry(parts: Parts, read: Read, puttable: Puttable): Promise<Put> {
  const { entry, selector } = puttable
  const uses = { isValidatable: puttable.isValidatable, isClientObeyed: read.policy.clientDirectives === 'obey' }
  const useful = retention(puttable.lifetime, uses)
  const listed = await listedVariants(parts, read, selector)
  const key = listed === undefined ? read.primaryKey : variantKey(read.primaryKey, selector, puttable.fields, read.policy)
  if (await isNewerStored(parts, read, { entry, key })) return 'newer-stored'
  const isPut = await putOne(parts, read, { key, stored: { kind: 'entry', entry }, keepFor: inTiers(useful, read.policy) })
  if (!isPut || listed === undefined) return isPut ? 'stored' : 'store-unavailable'
  const name = selector.join()
  const selectors = [selector, ...listed.selectors.filter((other) => other.join() !== name)].slice(0, maxSelectors)
  const languages = withLanguage(listed.languages, { key, name: nameIn(read, puttable) })
  const tagged = withTagged(listed.tagged, key, taggedOf(read, puttable, { key, inForce: parts.inForce() }))
  const variants: Stored = {
    kind: 'variants',
    selectors,
    ...(languages.length === 0 ? {} : { languages }),
    ...(tagged.length === 0 ? {} : { tagged }),
  }
  const isListed = await parts.store.put(read.primaryKey, variants, seconds(Math.max(useful, day)))
  return isListed ? 'stored' : 'store-unavailable'
}

function nameIn(read: Read, { entry, selector, fields }: Puttable): string | undefined {
  const language = languageOf(entry.fields)
  return language === undefined ? undefined : nameOfLanguage(language, { selector, requestFields: fields, policy: read.policy })
}

/** What lay under the key may have been in another language. */
function withLanguage(spoken: readonly Spoken[], { key, name }: { key: string; name: string | undefined }): readonly Spoken[] {
  const others = spoken.filter((other) => other.key !== key && other.name !== name)
  return name === undefined ? others : [{ name, key }, ...others].slice(0, maxLanguages)
}

interface Listed {
  readonly selectors: ReadonlyArray<readonly string[]>
  readonly languages: readonly Spoken[]
  readonly tagged: readonly Tagged[]
}

/** Undefined: nothing varies so far, the entry can lie under the primary key itself. */
async function listedVariants(parts: Parts, read: Read, selector: readonly string[]): Promise<Listed | undefined> {
  const remembered = parts.memory.selectors.recall(read.primaryKey, parts.clock.now())
  const near = parts.local.store.peek(read.primaryKey)
  const isKnownToVary = selector.length > 0 || remembered !== undefined || near?.kind === 'variants'
  if (!isKnownToVary && parts.isShared) return undefined
  // What others have listed must not be lost.
  const stored = parts.isShared ? await parts.store.get(read.primaryKey) : near
  if (stored?.kind === 'variants')
    return { selectors: stored.selectors, languages: stored.languages ?? [], tagged: stored.tagged ?? [] }
  if (selector.length === 0 && remembered === undefined) return undefined
  return { selectors: remembered ?? [], languages: [], tagged: [] }
}

async function putOne(
  parts: Parts,
  read: Read,
  put: { key: string; stored: Stored & { kind: 'entry' }; keepFor: KeepFor },
): Promise<boolean> {
  const isPut = await parts.store.put(put.key, put.stored, put.keepFor)
  if (isPut) {
    const bytes = put.stored.entry.body.length
    const keepFor = timeIn(parts.isShared ? 'shared' : 'memory', put.keepFor)
    parts.observer.stored({ rule: read.name, key: read.primaryKey, bytes, keepFor })
  }
  return isPut
}
