/** The Cookie field of a request (RFC 6265 §4.2): pairs as the client wrote them, read leniently, since origins do. */
import { type Fields, fieldLines } from './fields.ts'

/** Every value sent under this exact name, in order, in the field's own bytes. Nothing is decoded or unquoted. */
export function cookieValues(fields: Fields, name: string): string[] {
  const found: string[] = []
  for (const line of fieldLines(fields, 'cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=')
      if (equals >= 0 && pair.slice(0, equals).trim() === name) found.push(pair.slice(equals + 1).trim())
    }
  }
  return found
}
