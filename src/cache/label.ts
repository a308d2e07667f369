/**
 * Labels: the names under which an entry can be purged. An entry carries its labels, the ledger keeps the number of each label's last
 * purge, and the two are compared; nothing is ever searched for. The letter before the colon keeps the kinds apart, and values inside
 * are escaped where they were rendered, so that no label can pretend to be another.
 */
import { foldPath } from '../http/path.ts'

export type Label = string & { readonly __label?: never }

/** Carried by every entry: purging it purges everything. */
export const allLabel: Label = 'all'

/** The key as its rule renders it: without prefix, and without what was appended for safety, identity or variant. */
export function keyLabel(key: string): Label {
  return `k:${key}`
}

/** A prefix of a key that ends at one of its template's own ":", which it includes. */
export function prefixLabel(prefix: string): Label {
  return `p:${prefix}`
}

export function tagLabel(tag: string): Label {
  return `t:${tag}`
}

export function ruleLabel(rule: string): Label {
  return `r:${rule}`
}

/**
 * Host and path without the query: what RFC 9111 §4.4 invalidates and what `purge --url` names. Folded, since the origin may take a write to
 * "/API/Cart/" for one to "/api/cart".
 */
export function uriLabel(host: string, path: string): Label {
  return `u:${host}${foldPath(path)}`
}

/** Carried by every entry that these rules made; raised when another version of the rules can no longer name what they made. */
export function rulesLabel(hash: string): Label {
  return `h:${hash}`
}

/**
 * Raised beside a tag that the rule's response-made templates could produce. No entry carries it: it is compared only while an answer's
 * tags are not known yet, that is by whoever wants to join a fetch in flight.
 */
export function madeLabel(rule: string): Label {
  return `m:${rule}`
}

/** Above this an entry is not stored (`too-many-tags`). */
export const maxTagsPerEntry = 128
/** Above this a purge widens to the rules that its labels can reach. */
export const maxLabelsPerPurge = 256
