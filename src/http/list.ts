/**
 * The grammar that most fields share: comma-separated lists (RFC 9110 §5.6.1), tokens, quoted strings, optional whitespace. Everything
 * accepts any text: what is not grammatical comes out as it stands, for the caller to judge.
 */

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** The elements between separators, outside quoted strings, without surrounding whitespace; empty elements are dropped (§5.6.1.2). */
export function splitList(value: string, separator = ','): string[] {
  return splitElements(value, separator).filter((element) => element !== '')
}

/** As `splitList`, with the empty elements. A quote that never closes is an ordinary character, so that it can hide nothing. */
export function splitElements(value: string, separator = ','): string[] {
  if (!value.includes('"')) return value.split(separator).map(trimWhitespace)
  const elements: string[] = []
  let start = 0
  for (let i = 0; i < value.length; i++) {
    if (value[i] === '"') {
      const end = closingQuote(value, i)
      // No later quote can close either: every one of them is escaped.
      if (end < 0) return elements.concat(value.slice(start).split(separator).map(trimWhitespace))
      i = end
    } else if (value[i] === separator) {
      elements.push(trimWhitespace(value.slice(start, i)))
      start = i + 1
    }
  }
  elements.push(trimWhitespace(value.slice(start)))
  return elements
}

/** Where the quoted string that opens at `start` closes; -1 when it does not. */
function closingQuote(value: string, start: number): number {
  for (let i = start + 1; i < value.length; i++) {
    if (value[i] === '\\') i++
    else if (value[i] === '"') return i
  }
  return -1
}

/** A quoted string's content (RFC 9110 §5.6.4); any other text as it is. */
export function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text
  return text.slice(1, -1).replace(/\\(.)/gs, '$1')
}

/** Whether the text is a token (RFC 9110 §5.6.2), as field names, methods and codings are. */
export function isToken(text: string): boolean {
  return token.test(text)
}

/** Removes OWS (RFC 9110 §5.6.3), which is spaces and tabs only: `trim` would eat a latin1 no-break space, a byte of the value. */
export function trimWhitespace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isWhitespace(text.charCodeAt(start))) start++
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09
}
