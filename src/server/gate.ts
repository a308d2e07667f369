/**
 * The gate: what must be true of a request's head before anything else looks at it. Node's parser accepts much that two readers can read in
 * two ways; here it is one reading or a refusal. Pure; what comes out ok can be matched, keyed and forwarded as it stands.
 */
import { type Fields, fieldLines } from '../http/fields.ts'
import { steeringFields } from '../http/forwarded.ts'
import { connectionTokens, endToEnd, isEndToEnd, isHopByHop } from '../http/hop-by-hop.ts'
import { isToken } from '../http/list.ts'
import { parseTarget, type Request } from '../http/request.ts'
import { isSameHost, parseHost } from './host.ts'
import type { Refusal } from './refusal.ts'

/** A request's head as Node's parser hands it over: an IncomingMessage is one. */
export interface RawHead {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

/** Bytes and counts; 0 means no limit. */
export interface GateLimits {
  readonly headerSize: number
  readonly headerCount: number
  readonly targetSize: number
  readonly bodySize: number
}

export type Verdict =
  | {
      readonly kind: 'ok'
      /** Its fields are the end-to-end ones: what Connection names is as little in a key as it is forwarded. */
      readonly request: Request
      readonly body: 'none' | 'length' | 'chunked'
      /** As declared; undefined when chunked or absent. */
      readonly bodyLength: number | undefined
      /** The client waits for a 100 before it sends the body. */
      readonly isContinueExpected: boolean
    }
  /** `OPTIONS *`: asks about this server, not about anything behind it. */
  | { readonly kind: 'options' }
  | (Refusal & { readonly kind: 'refused' })

const no = {
  version: { kind: 'refused', status: 505, reason: 'bad-version' },
  line: { kind: 'refused', status: 400, reason: 'bad-request-line' },
  method: { kind: 'refused', status: 405, reason: 'method-refused' },
  target: { kind: 'refused', status: 400, reason: 'bad-target' },
  longTarget: { kind: 'refused', status: 414, reason: 'target-too-long' },
  /** RFC 9110 §7.4: misdirected. */
  otherHost: { kind: 'refused', status: 421, reason: 'bad-target' },
  host: { kind: 'refused', status: 400, reason: 'bad-host' },
  field: { kind: 'refused', status: 400, reason: 'bad-field' },
  manyFields: { kind: 'refused', status: 431, reason: 'too-many-fields' },
  largeHeader: { kind: 'refused', status: 431, reason: 'header-too-large' },
  framing: { kind: 'refused', status: 400, reason: 'bad-framing' },
  largeBody: { kind: 'refused', status: 413, reason: 'body-too-large' },
  expectation: { kind: 'refused', status: 417, reason: 'expectation' },
} as const satisfies Record<string, Verdict>

type No = (typeof no)[keyof typeof no]

/** CONNECT asks for a tunnel to anywhere, TRACE echoes secrets. */
const refusedMethods: ReadonlySet<string> = new Set(['CONNECT', 'TRACE'])

/** Origin-form in latin1: visible characters, no "#" (RFC 9112 §3.2.1). */
const originForm = /^\/[!"$-~\x80-\xff]*$/
const absoluteForm = /^(https?):\/\/([^/?#]*)(.*)$/i
/** RFC 9110 §5.5: everything but visible characters, space, tab and obs-text. */
const forbidden = /[^\t\x20-\x7e\x80-\xff]/
/** One spelling for one length. */
const length = /^(?:0|[1-9]\d{0,14})$/

/** Scheme is the client's, as the listener knows it. */
export function inspect(head: RawHead, limits: GateLimits, scheme: Request['scheme']): Verdict {
  const { method = '', url = '', httpVersion, rawHeaders } = head
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return no.version
  if (!isToken(method)) return no.line
  if (refusedMethods.has(method)) return no.method
  if (isAbove(url.length, limits.targetSize)) return no.longTarget
  const section = readSection(rawHeaders, limits)
  if ('reason' in section) return section
  const host = section.host === undefined ? undefined : parseHost(section.host)
  if (host === undefined) return no.host
  const framing = readFraming(section, httpVersion, limits)
  if ('reason' in framing) return framing
  const target = readTarget(url, host, scheme)
  if (typeof target !== 'string') return target
  if (target === '*') return method === 'OPTIONS' ? { kind: 'options' } : no.target
  return {
    kind: 'ok',
    request: { method, target: parseTarget(target), host, scheme, fields: travelling(rawHeaders, section, host) },
    body: framing.body,
    bodyLength: framing.bodyLength,
    // RFC 9110 §10.1.1: HTTP/1.0 clients cannot mean it.
    isContinueExpected: section.isContinueExpected && framing.body !== 'none' && httpVersion === '1.1',
  }
}

/** What the gate needs to know of the header section. */
interface Section {
  host: string | undefined
  length: string | undefined
  coding: string | undefined
  isContinueExpected: boolean
  /** Where the one plain Connection line stands; -1 without one. */
  connectionAt: number
  /** Whether fields of this hop are there beside it. */
  hasHopFields: boolean
}

const looked: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding', 'expect', 'connection'])
/** Most fields of most requests are told apart from the looked-at and the hop-by-hop ones by their length alone. */
const lookedLengths: ReadonlySet<number> = new Set([2, 4, 6, 7, 10, 14, 16, 17, 18, 19, 25])

function readSection(raw: readonly string[], limits: GateLimits): Section | No {
  if (raw.length % 2 !== 0) return no.field
  if (isAbove(raw.length / 2, limits.headerCount)) return no.manyFields
  const section: Section = {
    host: undefined,
    length: undefined,
    coding: undefined,
    isContinueExpected: false,
    connectionAt: -1,
    hasHopFields: false,
  }
  let size = 0
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    size += name.length + value.length + 4
    if (!isToken(name) || forbidden.test(value)) return no.field
    if (name.includes('_') && isDisguise(name)) return no.field
    if (!lookedLengths.has(name.length)) continue
    const refusal = look(section, name.toLowerCase(), { value, at: i })
    if (refusal !== undefined) return refusal
  }
  if (isAbove(size, limits.headerSize)) return no.largeHeader
  if (section.hasHopFields && connectionTokens(raw).some(isEndToEnd)) return no.field
  return section
}

function look(section: Section, name: string, { value, at }: { value: string; at: number }): No | undefined {
  if (!looked.has(name)) {
    if (isHopByHop(name)) section.hasHopFields = true
    return undefined
  }
  switch (name) {
    case 'host':
      if (section.host !== undefined) return no.host
      section.host = value
      return undefined
    case 'content-length':
      if (section.length !== undefined) return no.framing
      section.length = value
      return undefined
    case 'transfer-encoding':
      if (section.coding !== undefined) return no.framing
      section.coding = value
      section.hasHopFields = true
      return undefined
    case 'expect':
      if (value.toLowerCase() !== '100-continue') return no.expectation
      section.isContinueExpected = true
      return undefined
    default:
      if (section.connectionAt < 0 && isPlainConnection(value)) section.connectionAt = at
      else section.hasHopFields = true
      return undefined
  }
}

function isPlainConnection(value: string): boolean {
  return value === 'keep-alive' || value === 'close' || value === 'Keep-Alive' || value === 'Close'
}

/** CGI and its heirs read "X_Forwarded_Host" as X-Forwarded-Host: past whatever is removed, replaced or keyed by name. */
function isDisguise(name: string): boolean {
  const meant = name.toLowerCase().replaceAll('_', '-')
  return isEndToEnd(meant) || isHopByHop(meant) || steeringFields.has(meant)
}

type Framing = { readonly body: 'none' | 'length' | 'chunked'; readonly bodyLength: number | undefined }

const withoutBody: Framing = { body: 'none', bodyLength: undefined }
const chunked: Framing = { body: 'chunked', bodyLength: undefined }

/** RFC 9112 §6.1, §6.3: whatever leaves a doubt about where the body ends is refused. */
function readFraming(section: Section, httpVersion: string, limits: GateLimits): Framing | No {
  if (section.coding !== undefined) {
    const isSure = httpVersion === '1.1' && section.length === undefined && section.coding.toLowerCase() === 'chunked'
    return isSure ? chunked : no.framing
  }
  if (section.length === undefined) return withoutBody
  if (!length.test(section.length)) return no.framing
  const bodyLength = Number(section.length)
  if (isAbove(bodyLength, limits.bodySize)) return no.largeBody
  return { body: bodyLength === 0 ? 'none' : 'length', bodyLength }
}

/** The target in origin-form, or "*". */
function readTarget(url: string, host: string, scheme: Request['scheme']): string | No {
  if (url === '*') return url
  if (url.startsWith('/')) return originForm.test(url) ? url : no.target
  // RFC 9112 §3.2.2: a server accepts the absolute form, also when it is no forward proxy; for this host alone.
  const [, spoken = '', authority = '', rest = ''] = absoluteForm.exec(url) ?? []
  const named = parseHost(authority)
  if (named === undefined) return no.target
  if (spoken.toLowerCase() !== scheme || !isSameHost(named, host, scheme)) return no.otherHost
  const target = rest.startsWith('/') ? rest : `/${rest}`
  return originForm.test(target) ? target : no.target
}

/** The end-to-end fields, Host spelled as it is keyed. The common case copies nothing. */
function travelling(raw: Fields, section: Section, host: string): Fields {
  let fields = raw
  if (section.hasHopFields) fields = endToEnd(raw)
  else if (section.connectionAt >= 0) fields = raw.toSpliced(section.connectionAt, 2)
  if (section.host === host) return fields
  return fields.map((text, i) => (i % 2 === 1 && fields[i - 1]?.toLowerCase() === 'host' ? host : text))
}

/** Whether a trusted proxy says that its client came by TLS. */
export function forwardedScheme(raw: Fields): Request['scheme'] {
  const [scheme, ...others] = fieldLines(raw, 'x-forwarded-proto')
  return others.length === 0 && /^(?:https|wss)$/i.test(scheme ?? '') ? 'https' : 'http'
}

function isAbove(amount: number, limit: number): boolean {
  return limit > 0 && amount > limit
}
