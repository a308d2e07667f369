/** Percent-encoding (RFC 3986 §2.1) of text that may be malformed: what cannot be decoded stays as it is written. */

/** One UTF-8 character in escapes; overlong and other ill-formed ones are found out when decoding. */
const character = /%[0-7][\da-f]|%[c-d][\da-f]%[89ab][\da-f]|%e[\da-f](?:%[89ab][\da-f]){2}|%f[0-7](?:%[89ab][\da-f]){3}/gi

/** The text with every escape of well-formed UTF-8 decoded. Never throws. */
export function decodePercent(text: string): string {
  return text.includes('%') ? (decodeWhole(text) ?? text.replace(character, (escapes) => decodeWhole(escapes) ?? escapes)) : text
}

/** Whether every "%" begins an escape of two hexadecimal digits. */
export function hasValidEscapes(text: string): boolean {
  return !/%(?![\da-f]{2})/i.test(text)
}

function decodeWhole(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
