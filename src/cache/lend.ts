/**
 * Which variants a request may ask the origin about though its own fields do not select them (RFC 9111 §4.1, §4.3.1). A 304 that names one
 * says that its bytes are the answer here too; nothing else ever makes a variant answer a request that does not select it.
 */
import { isStrongEtag, validatorsOf } from '../http/conditional.ts'
import { type Fields, hasField } from '../http/fields.ts'
import type { Entry, Tagged } from './entry.ts'
import type { Policy } from './policy.ts'
import { variantKey } from './variant.ts'

/** More tags than these are not sent, nor listed. */
export const mostTags = 8
const longestTag = 256

/**
 * Its strong ETag; undefined where it lends none. A weak one does not choose among variants: several may share it at one time (RFC 9110 §8.8.1),
 * those of another content coding above all. A 304 stands for a 200, and does not take a cookie back.
 */
export function lendableTag({ fields, status, part }: Pick<Entry, 'fields' | 'status' | 'part'>): string | undefined {
  const { etag = '' } = validatorsOf(fields)
  if (status !== 200 || part !== undefined || hasField(fields, 'set-cookie')) return undefined
  return isStrongEtag(etag) && etag.length <= longestTag ? etag : undefined
}

export interface Borrower {
  readonly requestFields: Fields
  readonly policy: Policy
  /** The rule, and the version of the rules: what others made is not theirs to use. */
  readonly madeBy: readonly string[]
  /** Lower-case names of the request fields that say who asks. */
  readonly credentials: Iterable<string>
}

/**
 * What both requests must have in common for one to be lent the other's tag. Many origins make a tag before they compress, and none says in it for
 * whom the fields beside the body were made; so coding, origin and identity, where they select, must be the same.
 */
export function termsOf(selector: readonly string[], { requestFields, policy, madeBy, credentials }: Borrower): string {
  const kept = new Set(['accept-encoding', 'origin', ...credentials])
  const names = selector.filter((name) => kept.has(name))
  return variantKey(madeBy.join(' '), names, requestFields, policy)
}

/** With the newest in front. What lay under its key is gone, and of several with one tag and the same terms one is enough. */
export function withTagged(listed: readonly Tagged[], key: string, added: Tagged | undefined): readonly Tagged[] {
  const others = listed.filter((other) => other.key !== key && !(other.etag === added?.etag && other.terms === added.terms))
  return added === undefined ? others : [added, ...others].slice(0, mostTags)
}
