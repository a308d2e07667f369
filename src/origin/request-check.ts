/**
 * Which requests can be sent at all. undici refuses some by throwing, drops some fields silently and rewrites others; a refusal in
 * there is a lost slot in its pools and a surprise here. So everything is looked at before: what comes out of this file, undici takes.
 */
import { type Fields, fieldLines } from '../http/fields.ts'
import { endToEnd } from '../http/hop-by-hop.ts'
import type { OriginRequest } from './origin.ts'

export type RequestCheck =
  | { readonly kind: 'sendable'; readonly fields: Fields }
  | { readonly kind: 'refused'; readonly message: string }

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Origin-form (RFC 9112 §3.2.1) in latin1; a fragment is never sent. "*" is for `OPTIONS *`, which is answered before here. */
const originForm = /^\/[!"$-~\x80-\xff]*$/
/** RFC 9110 §5.5: visible characters, space, tab and obs-text. */
const fieldContent = /^[\t\x20-\x7e\x80-\xff]*$/
const digits = /^\d{1,15}$/

/** CONNECT asks for a tunnel, TRACE echoes secrets: neither is ours to send. */
const refusedMethods: ReadonlySet<string> = new Set(['CONNECT', 'TRACE'])

/** Ours to compute (the length of a body in memory) or to answer (`Expect: 100-continue`); undici throws on the latter. */
const ownFields: ReadonlySet<string> = new Set(['content-length', 'expect'])

/** The fields to send for this request, Host replaced unless it is to be kept; or why it cannot be sent. */
export function checkRequest(request: OriginRequest, host: string): RequestCheck {
  const { method, target, fields } = request
  if (!token.test(method) || refusedMethods.has(method)) return refused(`Cannot forward the method: "${method}"`)
  if (!originForm.test(target)) return refused('Cannot forward the target: not a path in latin1')
  if (fields.length % 2 !== 0) return refused('Cannot forward the fields: a name without a value')

  const length = bodyLength(request)
  if (length === 'ambiguous') return refused('Cannot forward the body: Content-Length does not say its length')

  const sent: string[] = []
  const travelling = endToEnd(fields)
  let hosts = 0
  for (let i = 0; i < travelling.length; i += 2) {
    const [name, value] = [travelling[i] as string, travelling[i + 1] as string]
    const lowerCase = name.toLowerCase()
    if (!token.test(name)) return refused('Cannot forward a field: its name is not a token')
    if (!fieldContent.test(value)) return refused(`Cannot forward the field "${lowerCase}": a character that is not allowed`)
    if (ownFields.has(lowerCase)) continue
    if (lowerCase === 'host' && hosts++ > 0) return refused('Cannot forward the request: more than one Host')
    sent.push(name, lowerCase === 'host' && host !== 'keep' ? host : value)
  }
  if (hosts === 0 && host !== 'keep') sent.push('Host', host)
  if (length !== undefined) sent.push('Content-Length', length)
  return { kind: 'sendable', fields: sent }
}

function refused(message: string): RequestCheck {
  return { kind: 'refused', message }
}

/** The Content-Length to send with a streamed body; bodies that are in memory know their own. */
function bodyLength({ body, fields }: OriginRequest): string | undefined | 'ambiguous' {
  const lines = fieldLines(fields, 'content-length')
  const [length] = lines
  if (length === undefined) return undefined
  if (!digits.test(length) || lines.some((line) => line !== length)) return 'ambiguous'
  if (body === undefined) return Number(length) === 0 ? undefined : 'ambiguous'
  if (body instanceof Uint8Array) return Number(length) === body.byteLength ? undefined : 'ambiguous'
  return length
}
