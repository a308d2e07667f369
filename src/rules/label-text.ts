/**
 * The one spelling that keys and tags have inside labels, so that a literal in one template, a value in another, the origin's own tag
 * and the operator's `--key` all name the same thing. Idempotent: a text as listed can be typed again.
 */

const unreserved = /^[A-Za-z0-9._~-]$/

/**
 * Percent-encodes everything but unreserved characters, ":" and the characters of `alsoKept`; keeps escapes that are there, in upper case,
 * and decodes those of unreserved characters (RFC 3986 §6.2.2).
 */
export function normaliseLabelText(text: string, alsoKept = ''): string {
  if (/^[A-Za-z0-9._~:-]*$/.test(text)) return text
  return text.replace(/%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~:-]/gu, (found) => {
    if (found.length === 3 && found.startsWith('%')) return normaliseEscape(found)
    return alsoKept.includes(found) ? found : encode(found)
  })
}

function normaliseEscape(triplet: string): string {
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16))
  return unreserved.test(character) ? character : triplet.toUpperCase()
}

function encode(character: string): string {
  let encoded = ''
  for (const byte of new TextEncoder().encode(character)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return encoded
}
