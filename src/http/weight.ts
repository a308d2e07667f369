/**
 * Lists of preferences with quality values (RFC 9110 §12.4.2), as in Accept, Accept-Language and Accept-Encoding. A weight that cannot
 * be read counts as 0: what the client did not clearly ask for is not sent to it.
 */
import { splitList } from './list.ts'

export interface Preference {
  /** The range or coding with its parameters, without the weight; lower case but for the values of parameters. */
  readonly range: string
  /** From 0 (not acceptable) to 1. */
  readonly weight: number
}

const qualityValue = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

/** The preferences in the order of the field. */
export function parsePreferences(value: string): Preference[] {
  return splitList(value).map(parsePreference)
}

/** The one range that is wanted more than every other, lower case; undefined where there is none, or it means any. */
export function mostWanted(value: string): string | undefined {
  let best: Preference | undefined
  let isTied = false
  for (const preference of parsePreferences(value)) {
    if (preference.range === best?.range) return undefined
    if (best !== undefined && preference.weight < best.weight) continue
    isTied = preference.weight === best?.weight
    best = preference
  }
  return best === undefined || isTied || best.weight === 0 || best.range === '*' ? undefined : best.range
}

function parsePreference(element: string): Preference {
  if (!element.includes(';')) return { range: element.toLowerCase(), weight: 1 }
  const [name = '', ...parameters] = splitList(element, ';')
  let range = name.toLowerCase()
  let weight = 1
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=')
    const key = (equals < 0 ? parameter : parameter.slice(0, equals)).toLowerCase()
    const text = equals < 0 ? '' : parameter.slice(equals + 1)
    if (key === 'q') weight = qualityValue.test(text) ? Math.min(weight, Number(text)) : 0
    else range += equals < 0 ? `;${key}` : `;${key}=${text}`
  }
  return { range, weight }
}
