/**
 * Bearer tokens of the example API: JWT signed with HS256 (RFC 7515, RFC 7519), made and checked with node:crypto alone.
 * A token that is malformed, forged, of another algorithm or past its `exp` is nobody's; none of them throws.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** What the example signs with when nobody chose a secret. Public, so never for anything that matters. */
export const demoSecret = 'springhouse-demo-secret-for-nothing-that-matters'

export interface Claims {
  readonly sub: string
  readonly role?: 'user' | 'admin'
  readonly name?: string
}

const lifetimeSeconds = 30 * 24 * 3600

/** A token for `claims`, valid for thirty days. */
export function signDemoToken(claims: Claims, secret: string = demoSecret): string {
  const issuedAt = Math.floor(Date.now() / 1000)
  const head = encode({ alg: 'HS256', typ: 'JWT' })
  const body = encode({ ...claims, iat: issuedAt, exp: issuedAt + lifetimeSeconds })
  return `${head}.${body}.${sign(`${head}.${body}`, secret).toString('base64url')}`
}

/** Whose request this is, from its Authorization field; undefined when it proves nobody. */
export function verifyBearer(authorization: string | undefined, secret: string): Claims | undefined {
  const token = /^Bearer +([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(authorization ?? '')
  if (token === null) return undefined
  const [, head = '', body = '', signature = ''] = token
  const expected = sign(`${head}.${body}`, secret)
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  // The algorithm is ours, not the token's choice: anything but HS256 would be a forgery by downgrade (RFC 8725 §3.1).
  return decode(head)?.['alg'] === 'HS256' ? readClaims(decode(body)) : undefined
}

function readClaims(body: Record<string, unknown> | undefined): Claims | undefined {
  const sub = body?.['sub']
  const expiry = body?.['exp']
  if (typeof sub !== 'string' || sub === '') return undefined
  if (expiry !== undefined && (typeof expiry !== 'number' || expiry * 1000 <= Date.now())) return undefined
  const name = body?.['name']
  return { sub, role: body?.['role'] === 'admin' ? 'admin' : 'user', ...(typeof name === 'string' && { name }) }
}

function sign(text: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
