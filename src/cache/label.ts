/**
 * Labels: the names under which an entry can be purged. An entry carries its labels, the ledger keeps the number of each label's last
 * purge, and the two are compared; nothing is ever searched for. The letter before the colon keeps the kinds apart, and values inside
 * are escaped where they were rendered, so that no label can pretend to be another.
 */
import { hash } from 'node:crypto'
import { foldPath } from '../http/path.ts'
import { escapeValue } from './key.ts'

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

/** A ledger keeps many labels, and whoever writes chooses the path. */
const longestPath = 256

/**
 * Host and path without the query: what RFC 9111 §4.4 invalidates and what `purge --url` names. Folded, since the origin may take a write to
 * "/API/Cart/" for one to "/api/cart"; a default port and the root's dot name no other host. A long path is its digest, which begins with no "/".
 */
export function uriLabel(host: string, path: string): Label {
  const folded = foldPath(path)
  return `u:${plainHost(host)}${folded.length > longestPath ? `~sha256-${hash('sha256', folded)}` : folded}`
}

function plainHost(host: string): string {
  return host.replace(/\.?(?::(?:80|443)?)?$/, '')
}

/** A group that an origin's answers name (RFC 9875): its own alone. */
export function groupLabel(host: string, group: string): Label {
  return `g:${plainHost(host)}/${escapeValue(group)}`
}

/**
 * Raised beside any group of a host. No entry carries it: it is compared only while an answer's groups are not known yet, by whoever wants to
 * join a fetch in flight.
 */
export function anyGroupLabel(host: string): Label {
  return `n:${plainHost(host)}`
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

/** What an answer may bring any number of. */
export function isTagOrGroup(label: Label): boolean {
  return label.startsWith('t:') || label.startsWith('g:')
}

/** Above this an entry is not stored (`too-many-tags`). */
export const maxTagsPerEntry = 128
/** Above this a purge widens to the rules that its labels can reach. */
export const maxLabelsPerPurge = 256
