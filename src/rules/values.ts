/**
 * What templates are filled from, and how one value is found and spelt. Reading and purging side use this same file, so that equal things
 * have equal texts: query values with "+" as space, escapes decoded as UTF-8, numbers by their source text. What cannot be read is missing.
 */
import { hash } from 'node:crypto'
import { escapeValue } from '../cache/key.ts'
import { cookieValues } from '../http/cookie.ts'
import { type Fields, fieldValue } from '../http/fields.ts'
import { decodePercent } from '../http/percent.ts'
import { type Parameter, parseQuery } from '../http/query.ts'
import type { Request } from '../http/request.ts'
import { canonical, fromParsed, isList, isMembers, type Json, memberAt, scalarText } from './json.ts'
import type { ValueReference } from './template.ts'

export interface Values {
  readonly request: Request
  /** As they stand in the path, not decoded. */
  readonly params: ReadonlyMap<string, string>
  /** The path as the rule spells it: where a purge rule matched generously, its own letters and no trailing slash. */
  readonly path: string
  /** Parsed when first asked for. */
  readonly parameters: readonly Parameter[]
  readonly user: string | undefined
  /** Verified, or undefined. */
  readonly claims: Readonly<Record<string, unknown>> | undefined
  /** Undefined: no body, not read, or no JSON. */
  readonly requestJson: Json | undefined
  /** Undefined while there is none, and where its outcome is unknown. */
  readonly response: ResponseValues | undefined
}

export interface ResponseValues {
  readonly status: number
  readonly fields: Fields
  readonly json: Json | undefined
}

export interface ValuesInput {
  readonly request: Request
  readonly params: ReadonlyMap<string, string>
  /** `MatchedRule.path`; the request's own where it is left out. */
  readonly path?: string | undefined
  readonly user?: string | undefined
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  readonly requestJson?: Json | undefined
  readonly response?: ResponseValues | undefined
}

export function valuesOf(input: ValuesInput): Values {
  let parameters: readonly Parameter[] | undefined
  return {
    request: input.request,
    params: input.params,
    path: input.path ?? input.request.target.path,
    get parameters() {
      parameters ??= parseQuery(input.request.target.query)
      return parameters
    },
    user: input.user,
    claims: input.claims,
    requestJson: input.requestJson,
    response: input.response,
  }
}

/** The same values once the answer is known. */
export function withResponse(values: Values, response: ResponseValues): Values {
  return { ...values, response }
}

export interface ResolveOptions {
  /** Stands in for a value, or one member of a list, that is missing. */
  readonly fallback?: string | undefined
  /** In a cache key an object or list counts, as the digest of its canonical text; anywhere else it is missing. */
  readonly isKey?: boolean
}

/**
 * The value's texts, escaped: they contain no separator and no glob. Several where the reference is a list, or where a query parameter or
 * cookie is repeated. Undefined when it is missing, in part or whole; empty only for an empty list.
 */
export function resolve(reference: ValueReference, values: Values, options: ResolveOptions = {}): readonly string[] | undefined {
  const texts: string[] = []
  for (const json of lookUp(reference, values)) {
    const text = textOf(json, options)
    if (text === undefined) return undefined
    texts.push(text)
  }
  return texts
}

/** The values themselves, undefined for each that is missing. */
export function lookUp(reference: ValueReference, values: Values): ReadonlyArray<Json | undefined> {
  const { root, path } = reference
  const name = path[0] as string
  switch (root) {
    case 'params':
      return [decoded(values.params.get(name))]
    case 'query':
      return orMissing(values.parameters.filter((parameter) => parameter.name === name).map(({ value }) => value))
    case 'header':
      return [fieldText(values.request.fields, name)]
    case 'cookie':
      return orMissing(cookieValues(values.request.fields, name).map(utf8))
    case 'jwt':
      return [values.claims === undefined ? undefined : claimAt(values.claims, path)]
    case 'user':
      return [values.user]
    case 'host':
      return [values.request.host]
    case 'path':
      return [decoded(withoutTrailingSlash(values.path))]
    case 'method':
      return [values.request.method === 'HEAD' ? 'GET' : values.request.method]
    case 'request.json':
      return membersAt(values.requestJson, path)
    case 'response.json':
      return membersAt(values.response?.json, path)
    case 'response.header':
      return [values.response === undefined ? undefined : fieldText(values.response.fields, name)]
    case 'status':
      return [values.response === undefined ? undefined : String(values.response.status)]
  }
}

/** The reference as the operator wrote it, for messages. */
export function formatReference({ root, path }: ValueReference): string {
  return [root, ...path].join('.').replaceAll('.*', '[*]')
}

export function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

function textOf(json: Json | undefined, { fallback, isKey }: ResolveOptions): string | undefined {
  // "=" never comes out of an escaped value, so no text can pretend to be an object.
  if (isKey === true && (isList(json) || isMembers(json))) return `json=${hash('sha256', canonical(json), 'base64url')}`
  const text = scalarText(json) ?? fallback
  return text === undefined ? undefined : escapeValue(text)
}

function orMissing(texts: ReadonlyArray<string | undefined>): ReadonlyArray<string | undefined> {
  return texts.length === 0 ? [undefined] : texts
}

function decoded(raw: string | undefined): string | undefined {
  return raw === undefined ? undefined : decodePercent(raw)
}

/** Bytes of a field are UTF-8 or nothing: two spellings of one text must not share a key. */
function fieldText(fields: Fields, name: string): string | undefined {
  const value = fieldValue(fields, name)
  return value === undefined ? undefined : utf8(value)
}

function utf8(latin1: string): string | undefined {
  let isAscii = true
  const bytes = Uint8Array.from(latin1, (character) => {
    const code = character.charCodeAt(0)
    if (code > 0x7f) isAscii = false
    return code
  })
  if (isAscii) return latin1
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Own members only: a token has no say in what "constructor" means. */
function claimAt(claims: Readonly<Record<string, unknown>>, path: readonly string[]): Json | undefined {
  let value: unknown = claims
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return fromParsed(value)
}

function membersAt(json: Json | undefined, path: readonly string[]): ReadonlyArray<Json | undefined> {
  const star = path.indexOf('*')
  if (star < 0) return [memberAt(json, path)]
  const list = memberAt(json, path.slice(0, star))
  if (!isList(list)) return [undefined]
  const rest = path.slice(star + 1)
  return list.map((element) => memberAt(element, rest))
}
