/**
 * A query as a list of parameters in their order, each with the bytes it came in, so that a query with some parameters left out can be
 * rebuilt exactly from the rest.
 */
import { decodePercent } from './percent.ts'

export interface Parameter {
  readonly rawName: string
  readonly rawValue: string
  /** Decoded: "+" is a space, escapes are UTF-8; what cannot be decoded stays as it is. */
  readonly name: string
  readonly value: string
  /** Tells "?a=" from "?a". */
  readonly hasEquals: boolean
}

/** The parameters in order, empty ones between two "&" too. `query` is what follows the "?". */
export function parseQuery(query: string | undefined): Parameter[] {
  return query === undefined || query === '' ? [] : query.split('&').map(parseParameter)
}

/** The query in the bytes it came in; of `parseQuery`'s answer, the same text. */
export function formatQuery(parameters: readonly Parameter[]): string {
  return parameters.map(({ rawName, rawValue, hasEquals }) => (hasEquals ? `${rawName}=${rawValue}` : rawName)).join('&')
}

function parseParameter(text: string): Parameter {
  const equals = text.indexOf('=')
  const rawName = equals < 0 ? text : text.slice(0, equals)
  const rawValue = equals < 0 ? '' : text.slice(equals + 1)
  return { rawName, rawValue, name: decode(rawName), value: decode(rawValue), hasEquals: equals >= 0 }
}

function decode(text: string): string {
  return decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text)
}
