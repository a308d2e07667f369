/**
 * Structured fields (RFC 9651, which contains RFC 8941): a strict parser for dictionaries and lists, and the two serialisers that
 * Cache-Status needs. One wrong byte makes the whole field unreadable, as §4.2 demands.
 */

export type BareItem =
  | { readonly kind: 'integer' | 'decimal' | 'date'; readonly value: number }
  | { readonly kind: 'string' | 'token' | 'display-string'; readonly value: string }
  /** Still in base64. */
  | { readonly kind: 'bytes'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
export type ItemParameters = ReadonlyMap<string, BareItem>
export interface Item {
  readonly item: BareItem
  readonly parameters: ItemParameters
}
export interface InnerList {
  readonly items: readonly Item[]
  readonly parameters: ItemParameters
}
export type Member = Item | InnerList

interface Cursor {
  readonly text: string
  at: number
}

const key = /[a-z*][a-z0-9_.*-]*/y
const number = /-?\d+(?:\.\d+)?/y
const string = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y
const token = /[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y
const bytes = /:([A-Za-z0-9+/]*={0,2}):/y
const boolean = /\?[01]/y
const date = /@-?\d{1,15}(?![\d.])/y
const displayString = /%"((?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*)"/y
const spaces = / */y
const whitespace = /[ \t]*/y
const yes: BareItem = { kind: 'boolean', value: true }

/** The members by key, the last of duplicates; undefined when the text is no dictionary. An empty text is an empty dictionary. */
export function parseDictionary(text: string): ReadonlyMap<string, Member> | undefined {
  const members = new Map<string, Member>()
  const isWhole = takeAll({ text, at: 0 }, (cursor) => {
    const name = take(cursor, key)
    const member = name === undefined ? undefined : takeDictionaryValue(cursor)
    if (name === undefined || member === undefined) return false
    members.set(name, member)
    return true
  })
  return isWhole ? members : undefined
}

/** The members in order; undefined when the text is no list. */
export function parseList(text: string): readonly Member[] | undefined {
  const members: Member[] = []
  const isWhole = takeAll({ text, at: 0 }, (cursor) => {
    const member = takeMember(cursor)
    if (member === undefined) return false
    members.push(member)
    return true
  })
  return isWhole ? members : undefined
}

/** A String (RFC 9651 §4.1.6). It holds ASCII only: other characters are percent-encoded, so that any text can be reported. */
export function formatString(text: string): string {
  const ascii = text.toWellFormed().replace(/[^\x20-\x7e]/gu, encodeURIComponent)
  return `"${ascii.replace(/["\\]/g, '\\$&')}"`
}

/** A Token (RFC 9651 §4.1.7) where the grammar allows it, else a String. */
export function formatToken(text: string): string {
  return text !== '' && matchAt(token, text, 0)?.[0] === text ? text : formatString(text)
}

/** Comma-separated members up to the end of the text; a trailing comma is an error (RFC 9651 §4.2.1). */
function takeAll(cursor: Cursor, takeOne: (cursor: Cursor) => boolean): boolean {
  take(cursor, spaces)
  if (cursor.at === cursor.text.length) return true
  while (takeOne(cursor)) {
    take(cursor, whitespace)
    if (cursor.at === cursor.text.length) return true
    if (!takeCharacter(cursor, ',')) return false
    take(cursor, whitespace)
  }
  return false
}

function takeDictionaryValue(cursor: Cursor): Member | undefined {
  return takeCharacter(cursor, '=') ? takeMember(cursor) : withParameters(cursor, { item: yes })
}

function takeMember(cursor: Cursor): Member | undefined {
  return takeCharacter(cursor, '(') ? takeInnerList(cursor) : takeItem(cursor)
}

function takeInnerList(cursor: Cursor): InnerList | undefined {
  const items: Item[] = []
  for (;;) {
    const blank = take(cursor, spaces)
    if (takeCharacter(cursor, ')')) return withParameters(cursor, { items })
    const item = items.length > 0 && blank === '' ? undefined : takeItem(cursor)
    if (item === undefined) return undefined
    items.push(item)
  }
}

function takeItem(cursor: Cursor): Item | undefined {
  const item = takeBareItem(cursor)
  return item === undefined ? undefined : withParameters(cursor, { item })
}

/** Adds the parameters that follow (RFC 9651 §4.2.3.2); undefined when they are malformed. */
function withParameters<T extends object>(cursor: Cursor, member: T): (T & { readonly parameters: ItemParameters }) | undefined {
  const parameters = new Map<string, BareItem>()
  while (takeCharacter(cursor, ';')) {
    take(cursor, spaces)
    const name = take(cursor, key)
    const value = takeCharacter(cursor, '=') ? takeBareItem(cursor) : yes
    if (name === undefined || value === undefined) return undefined
    parameters.set(name, value)
  }
  return { ...member, parameters }
}

/** The first character decides the type (RFC 9651 §4.2.3.1). */
function takeBareItem(cursor: Cursor): BareItem | undefined {
  const first = cursor.text[cursor.at] ?? ''
  if (/[-\d]/.test(first)) return numberItem(take(cursor, number))
  switch (first) {
    case '"':
      return textItem('string', take(cursor, string)?.replace(/\\(.)/g, '$1'))
    case ':':
      return textItem('bytes', take(cursor, bytes))
    case '%':
      return textItem('display-string', decodeDisplayString(take(cursor, displayString)))
    case '?':
      return booleanItem(take(cursor, boolean))
    case '@':
      return dateItem(take(cursor, date))
    default:
      return textItem('token', take(cursor, token))
  }
}

function textItem(kind: 'string' | 'token' | 'display-string' | 'bytes', value: string | undefined): BareItem | undefined {
  return value === undefined ? undefined : { kind, value }
}

function booleanItem(text: string | undefined): BareItem | undefined {
  return text === undefined ? undefined : { kind: 'boolean', value: text === '?1' }
}

function dateItem(text: string | undefined): BareItem | undefined {
  return text === undefined ? undefined : { kind: 'date', value: Number(text.slice(1)) }
}

function numberItem(text: string | undefined): BareItem | undefined {
  if (text === undefined) return undefined
  if (/^-?\d{1,15}$/.test(text)) return { kind: 'integer', value: Number(text) }
  return /^-?\d{1,12}\.\d{1,3}$/.test(text) ? { kind: 'decimal', value: Number(text) } : undefined
}

function decodeDisplayString(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

/** What the pattern matches here (its group, when it has one), moving past it. */
function take(cursor: Cursor, pattern: RegExp): string | undefined {
  const match = matchAt(pattern, cursor.text, cursor.at)
  if (match === null) return undefined
  cursor.at += match[0].length
  return match[1] ?? match[0]
}

/** The sticky patterns are shared: each use sets its own start. */
function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function takeCharacter(cursor: Cursor, character: string): boolean {
  if (cursor.text[cursor.at] !== character) return false
  cursor.at++
  return true
}
