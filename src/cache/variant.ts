/**
 * Variants: answers to one primary key that differ by request fields (RFC 9111 §4.1). The response says which fields select it, the request
 * says which variant it is after; both come together in the variant key.
 */
import { type Fields, fieldLines, fieldValue, hasField } from '../http/fields.ts'
import { normaliseField, varyNames } from '../http/vary.ts'
import { escapeValue } from './key.ts'
import type { Policy } from './policy.ts'

/** Lower-case names of the request fields that select this response, sorted; `*` when no second request can ever match. */
export function selectorOf(responseFields: Fields, policy: Policy): readonly string[] | '*' {
  const named = policy.override.has('vary') ? [] : varyNames(responseFields)
  if (named === '*') return '*'
  const names = new Set(named)
  // An answer made for one origin would be refused by, or wrongly opened to, the pages of another.
  if (isForOneOrigin(responseFields)) names.add('origin')
  for (const [name, rule] of policy.vary) if (rule === 'ignore') names.delete(name)
  // Not even a rule may have this ignored: a client that cannot decode the answer would get the wrong bytes.
  if (isCoded(responseFields)) names.add('accept-encoding')
  return [...names].sort()
}

/** Injective over the selector and the normalised values of its fields. */
export function variantKey(primaryKey: string, selector: readonly string[], requestFields: Fields, policy: Policy): string {
  const values = selector.map((name) => {
    const rule = policy.vary.get(name)
    const value = normaliseField(name, fieldValue(requestFields, name), rule === 'ignore' ? undefined : rule)
    return `${escapeValue(name)}=${escapeValue(value)}`
  })
  return `${primaryKey}|v=${values.join('&')}`
}

function isForOneOrigin(fields: Fields): boolean {
  return hasField(fields, 'access-control-allow-origin') && fieldValue(fields, 'access-control-allow-origin') !== '*'
}

function isCoded(fields: Fields): boolean {
  return fieldLines(fields, 'content-encoding').some((line) => line !== '' && line.toLowerCase() !== 'identity')
}
