/**
 * Variants: answers to one primary key that differ by request fields (RFC 9111 §4.1). The response says which fields select it, the request
 * says which variant it is after; both come together in the variant key.
 */
import { type Fields, fieldLines, fieldValue, hasField } from '../http/fields.ts'
import { normaliseField, varyNames } from '../http/vary.ts'
import { mostWanted } from '../http/weight.ts'
import { escapeValue } from './key.ts'
import { isOriginObeyed, type Policy } from './policy.ts'

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
  return `${primaryKey}|v=${selectingValues(selector, requestFields, policy).join('&')}`
}

/**
 * The name of the variant in this language, the other fields of the request being the same. No name where the answers do not vary by language,
 * or where a rule says how they do.
 */
export function nameOfLanguage(
  language: string,
  { selector, requestFields, policy }: { selector: readonly string[]; requestFields: Fields; policy: Policy },
): string | undefined {
  if (!isOriginObeyed(policy) || policy.vary.has('accept-language') || !selector.includes('accept-language')) return undefined
  const others = selector.filter((name) => name !== 'accept-language')
  return [`accept-language=*${language}`, ...selectingValues(others, requestFields, policy)].join('&')
}

/** The one language that the response is in, lower case. */
export function languageOf(responseFields: Fields): string | undefined {
  const language = fieldValue(responseFields, 'content-language')?.toLowerCase()
  return language !== undefined && /^[a-z\d-]{1,35}$/.test(language) ? language : undefined
}

/** The language that the request prefers to every other: an answer that is in it is the one it would get (RFC 9111 §4.1, RFC 9110 §12.5.4). */
export function wantedLanguage(requestFields: Fields): string | undefined {
  const value = fieldValue(requestFields, 'accept-language')
  return value === undefined ? undefined : mostWanted(value)
}

function selectingValues(selector: readonly string[], requestFields: Fields, policy: Policy): string[] {
  return selector.map((name) => {
    const rule = policy.vary.get(name)
    const value = normaliseField(name, fieldValue(requestFields, name), rule === 'ignore' ? undefined : rule)
    return `${escapeValue(name)}=${escapeValue(value)}`
  })
}

function isForOneOrigin(fields: Fields): boolean {
  return hasField(fields, 'access-control-allow-origin') && fieldValue(fields, 'access-control-allow-origin') !== '*'
}

function isCoded(fields: Fields): boolean {
  return fieldLines(fields, 'content-encoding').some((line) => line !== '' && line.toLowerCase() !== 'identity')
}
