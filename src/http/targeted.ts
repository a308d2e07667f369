/**
 * Targeted cache control (RFC 9213): CDN-Cache-Control and its kin are dictionaries, read here into the same shape as Cache-Control, so
 * that policy is written once.
 */
import type { Directives } from './cache-control.ts'
import { type BareItem, formatString, type Member, parseDictionary } from './structured-field.ts'

/** Directives whose argument is a list of field names; every other string argument has the wrong type (RFC 9213 §2.1). */
const fieldLists: ReadonlySet<string> = new Set(['no-cache', 'private'])

/** Neither a number nor a field name: the readers of `Directives` take it for an invalid argument. */
const wrongType = '()'

/** The directives, or undefined when the field must be ignored: absent, empty, or no dictionary (RFC 9213 §2.1). */
export function parseTargeted(value: string | undefined): Directives | undefined {
  if (value === undefined) return undefined
  const dictionary = parseDictionary(value)
  if (dictionary === undefined || dictionary.size === 0) return undefined
  const directives = new Map<string, readonly (string | true)[]>()
  for (const [name, member] of dictionary) {
    const argument = argumentOf(name, member)
    if (argument !== undefined) directives.set(name, [argument])
  }
  return directives
}

/** Undefined for `?0`, which says that the directive is not there. A wrong type becomes text that no number parser accepts. */
function argumentOf(name: string, member: Member): string | true | undefined {
  if (!('item' in member)) return wrongType
  const { item } = member
  if (item.kind === 'boolean') return item.value ? true : undefined
  if (fieldLists.has(name)) return isText(item) ? item.value : wrongType
  return isText(item) ? formatString(item.value) : String(item.value)
}

function isText(item: BareItem): item is Extract<BareItem, { readonly value: string }> {
  return typeof item.value === 'string'
}
