/**
 * Keys: under which text an entry is kept. A rule's key says what the operator wants told apart; what is appended here keeps apart whatever
 * else differs, so that two different requests share an entry only where the rule says so. Injective: parts are escaped, never just joined.
 */
import { hash } from 'node:crypto'

export interface PrimaryKey {
  /** One for all keys of these rules; without ":", which ends it. */
  readonly prefix: string
  /** As the rule renders it. */
  readonly key: string
  readonly appended: Appended
}

/** What the key does not name and yet must tell apart. Undefined: nothing to tell apart; empty is a value. */
export interface Appended {
  /** The values of a key in which two of them touch. */
  readonly values?: string | undefined
  /** Query parameters that neither the template nor `query` mentions. */
  readonly query?: string | undefined
  readonly method?: string | undefined
  readonly host?: string | undefined
  readonly identity?: string | undefined
  /** Stands for the body where one is keyed. */
  readonly body?: string | undefined
}

/** `prefix:key|v=…|q=…|m=…|h=…|i=…|b=…`. */
export function formatPrimaryKey({ prefix, key, appended }: PrimaryKey): string {
  // A single "|" begins what was appended; one that a key contains is doubled, so that no key can look like another with an appendix.
  let text = `${prefix}:${key.includes('|') ? key.replaceAll('|', '||') : key}`
  if (appended.values !== undefined) text += `|v=${escapeValue(appended.values)}`
  if (appended.query !== undefined) text += `|q=${escapeValue(appended.query)}`
  if (appended.method !== undefined) text += `|m=${escapeValue(appended.method)}`
  if (appended.host !== undefined) text += `|h=${escapeValue(appended.host)}`
  if (appended.identity !== undefined) text += `|i=${escapeValue(appended.identity)}`
  if (appended.body !== undefined) text += `|b=${escapeValue(appended.body)}`
  return text
}

const longestValue = 128
const digestMark = '~sha256-'

/**
 * A value from outside as keys and labels carry it: percent-encoded UTF-8 but for `A-Za-z0-9._~-`, so that it holds no separator and no glob;
 * above 128 bytes its digest. A value that looks like a digest is digested too: no two values ever have one text.
 */
export function escapeValue(text: string): string {
  const escaped = /^[A-Za-z0-9._~-]*$/.test(text) ? text : text.replace(/[^A-Za-z0-9._~-]/gu, escapeCharacter)
  if (!text.startsWith(digestMark) && byteLength(escaped) <= longestValue) return escaped
  // Over the escaped text, which tells lone surrogates apart; UTF-8 encoding would merge them.
  return `${digestMark}${hash('sha256', escaped)}`
}

/** Bytes of the value behind an escaped text: each escape is three characters for one. */
function byteLength(escaped: string): number {
  let count = escaped.length
  for (let at = escaped.indexOf('%'); at >= 0; at = escaped.indexOf('%', at + 3)) count -= 2
  return count
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) as number
  // JSON can hold half of a surrogate pair, at which `encodeURIComponent` throws: it gets the three bytes that UTF-8 leaves unused.
  if (code >= 0xd800 && code <= 0xdfff) return escapeBytes([0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)])
  return code < 0x80 ? escapeBytes([code]) : encodeURIComponent(character)
}

function escapeBytes(bytes: readonly number[]): string {
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
