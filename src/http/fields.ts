/**
 * Header and trailer fields as they came: a flat list of name, value, name, value (the shape of Node's `rawHeaders`), so that order,
 * case, duplicates and bytes (latin1) survive. Nothing here interprets a value beyond joining lines.
 */

/** Flat pairs: even positions are names in the sender's case, odd ones values without surrounding whitespace. */
export type Fields = readonly string[]

/** The combined value of a field (RFC 9110 §5.2: lines joined with ", "), or undefined when absent. `name` must be lower case. */
export function fieldValue(fields: Fields, name: string): string | undefined {
  let value: string | undefined
  for (let i = 0; i < fields.length; i += 2) {
    if (isNamed(fields[i] as string, name)) value = value === undefined ? (fields[i + 1] as string) : `${value}, ${fields[i + 1]}`
  }
  return value
}

/** Every line of a field, in order. `name` must be lower case. */
export function fieldLines(fields: Fields, name: string): string[] {
  const lines: string[] = []
  for (let i = 0; i < fields.length; i += 2) if (isNamed(fields[i] as string, name)) lines.push(fields[i + 1] as string)
  return lines
}

/** Whether at least one line of the field is there. `name` must be lower case. */
export function hasField(fields: Fields, name: string): boolean {
  for (let i = 0; i < fields.length; i += 2) if (isNamed(fields[i] as string, name)) return true
  return false
}

/** The fields without those named (lower case). */
export function withoutFields(fields: Fields, names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    if (!names.has((fields[i] as string).toLowerCase())) kept.push(fields[i] as string, fields[i + 1] as string)
  }
  return kept
}

/** The fields with every line of `name` replaced by one, at the end. */
export function withField(fields: Fields, name: string, value: string): string[] {
  const kept = withoutFields(fields, new Set([name.toLowerCase()]))
  kept.push(name, value)
  return kept
}

function isNamed(name: string, lowerCase: string): boolean {
  return name.length === lowerCase.length && (name === lowerCase || name.toLowerCase() === lowerCase)
}
