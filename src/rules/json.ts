/**
 * JSON bodies as templates see them: numbers keep their digits (a 64-bit id is not rounded), members are a Map (so that "__proto__" is a
 * name like any other), nesting is bounded. What cannot be read, or be read in two ways, is undefined; nothing throws.
 */

export type Json = null | boolean | string | JsonNumber | readonly Json[] | ReadonlyMap<string, Json>

/** A number by its source text: `42.0` stays "42.0". */
export interface JsonNumber {
  readonly source: string
}

/** Deeper bodies are not read: origins refuse them, and whatever walks them must not overflow the stack. */
const maxDepth = 64

export function parseJson(text: string): Json | undefined {
  if (isTooDeep(text)) return undefined
  try {
    const json = JSON.parse(text, revive) as Json
    return isUnambiguous(text, json) ? json : undefined
  } catch {
    return undefined
  }
}

/** One text per value: members sorted by name, no white space, numbers as they were written. */
export function canonical(json: Json): string {
  if (json === null || typeof json === 'boolean' || typeof json === 'string') return JSON.stringify(json)
  if (isList(json)) return `[${json.map(canonical).join(',')}]`
  if (!isMembers(json)) return json.source
  const names = [...json.keys()].sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(json.get(name) as Json)}`).join(',')}}`
}

/** The verified claims' values, which another parser read: a number that it may have rounded is undefined, and whatever contains it. */
export function fromParsed(value: unknown, depth = 0): Json | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number')
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : { source: String(value) }
  if (typeof value !== 'object' || depth >= maxDepth) return undefined
  if (Array.isArray(value)) {
    const list = value.map((element) => fromParsed(element, depth + 1))
    return list.includes(undefined) ? undefined : (list as Json[])
  }
  const members = Object.entries(value).map(([name, member]) => [name, fromParsed(member, depth + 1)] as const)
  return members.some(([, member]) => member === undefined) ? undefined : new Map(members as Array<[string, Json]>)
}

export function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json)
}

export function isMembers(json: Json | undefined): json is ReadonlyMap<string, Json> {
  return json instanceof Map
}

/** Own members by name, elements by position; undefined where there is none. */
export function memberAt(json: Json | undefined, path: readonly string[]): Json | undefined {
  let value = json
  for (const name of path) {
    if (isMembers(value)) value = value.get(name)
    else if (isList(value) && /^(?:0|[1-9]\d{0,8})$/.test(name)) value = value[Number(name)]
    else return undefined
  }
  return value
}

/** A string, a number's digits, "true" or "false"; undefined for null, objects and lists. */
export function scalarText(json: Json | undefined): string | undefined {
  if (typeof json === 'string') return json
  if (typeof json === 'boolean') return String(json)
  if (json === undefined || json === null || isList(json) || isMembers(json)) return undefined
  return json.source
}

function revive(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value === 'number') {
    // A runtime without source text would round long ids silently.
    if (typeof context?.source !== 'string') throw new TypeError('JSON.parse gives no source text')
    return { source: context.source }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return new Map(Object.entries(value))
}

function isTooDeep(text: string): boolean {
  let depth = 0
  let isInString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (isInString) {
      if (code === 0x5c) i++
      else if (code === 0x22) isInString = false
    } else if (code === 0x22) isInString = true
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > maxDepth) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}

/** Of two members with one name we would see the last, and an origin may take the first. */
function isUnambiguous(text: string, json: Json): boolean {
  let colons = 0
  let isInString = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (isInString && character === '\\') i++
    else if (character === '"') isInString = !isInString
    else if (character === ':' && !isInString) colons++
  }
  return colons === countMembers(json)
}

function countMembers(json: Json): number {
  if (isList(json)) return json.reduce((sum: number, element) => sum + countMembers(element), 0)
  if (!isMembers(json)) return 0
  let count = json.size
  for (const member of json.values()) count += countMembers(member)
  return count
}
