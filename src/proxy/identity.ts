/**
 * Who a request belongs to. A claim counts only after its token was verified; a credential that cannot be verified stands for itself, as its
 * digest. The first sight of a token is asynchronous (jose), then it is remembered by digest until it expires, so that a hit needs no promise.
 */
import { hash } from 'node:crypto'
import type { JWTVerifyGetKey } from 'jose'
import { cookieValues } from '../http/cookie.ts'
import { type Fields, fieldValue } from '../http/fields.ts'
import type { Identity, Jwt } from '../rules/rule.ts'
import { type Instant, instant, later, seconds } from '../time.ts'
import { Remembered } from './remembered.ts'

export type Identified =
  | { readonly kind: 'nobody' }
  /** A token was there and did not verify: it stands for nobody, and no other credential beside it counts. */
  | { readonly kind: 'invalid' }
  | {
      readonly kind: 'somebody'
      /** Text for `{user}`: different identities never give the same text, whatever their source. */
      readonly user: string
      readonly isVerified: boolean
      /** Lower-case name of the field that it was taken from. */
      readonly field: string
      readonly claims: Readonly<Record<string, unknown>> | undefined
    }

const nobody: Identified = { kind: 'nobody' }
const invalid: Identified = { kind: 'invalid' }
const badTokenRemembered = seconds(30)

type Claims = Readonly<Record<string, unknown>>
type Verify = (token: string, now: Instant) => Promise<Claims>

export class Identities {
  readonly #identity: Identity
  readonly #verify: Verify | undefined
  /** Digest of a token → its claims, or `false` for one that did not verify. */
  readonly #tokens = new Remembered<Claims | false>(50_000)

  /** `secret` reads an environment variable that `jwt.secret_env` names; its absence was refused at start. */
  constructor(identity: Identity, secret: (name: string) => string) {
    this.#identity = identity
    this.#verify = identity.jwt === undefined ? undefined : verifierOf(identity.jwt, secret)
  }

  /** Undefined: a token is seen for the first time, ask `identify`. */
  identifyNow(fields: Fields, now: Instant): Identified | undefined {
    const token = this.#token(fields)
    if (token === undefined) return this.#identified(fields, undefined)
    if (token === '') return invalid
    const claims = this.#tokens.recall(digest(token), now)
    if (claims === undefined) return undefined
    return claims === false ? invalid : this.#identified(fields, claims)
  }

  async identify(fields: Fields, now: Instant): Promise<Identified> {
    const known = this.identifyNow(fields, now)
    if (known !== undefined) return known
    const token = this.#token(fields) as string
    try {
      const claims = await (this.#verify as Verify)(token, now)
      this.#tokens.remember(digest(token), claims, expiryOf(claims, now))
      return this.#identified(fields, claims)
    } catch (error) {
      if (isVerdict(error)) this.#tokens.remember(digest(token), false, later(now, badTokenRemembered))
      return invalid
    }
  }

  /** The bearer token; "" when Authorization holds something else; undefined when there is none or no claim is asked for. */
  #token(fields: Fields): string | undefined {
    if (this.#verify === undefined) return undefined
    const value = fieldValue(fields, 'authorization')
    if (value === undefined) return undefined
    return /^bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(value)?.[1] ?? ''
  }

  #identified(fields: Fields, claims: Claims | undefined): Identified {
    for (const [place, source] of this.#identity.from.entries()) {
      if (source.kind === 'jwt') {
        const value = claims !== undefined && Object.hasOwn(claims, source.claim) ? claims[source.claim] : undefined
        if ((typeof value !== 'string' || value === '') && !Number.isSafeInteger(value)) continue
        return {
          kind: 'somebody',
          user: claimText(String(value), place, source.claim),
          isVerified: true,
          field: fieldOf(source),
          claims,
        }
      }
      const credential = source.kind === 'header' ? fieldValue(fields, source.name) : cookieValue(fields, source.name)
      if (credential === undefined || credential === '') continue
      const user = `@${source.kind}.${source.name}:${digest(credential)}`
      return { kind: 'somebody', user, isVerified: false, field: fieldOf(source), claims }
    }
    return nobody
  }
}

/** Lower-case name of the field in which a source's credential comes. */
export function fieldOf(source: Identity['from'][number]): string {
  if (source.kind === 'jwt') return 'authorization'
  return source.kind === 'cookie' ? 'cookie' : source.name.toLowerCase()
}

/**
 * The first source's claim is shown as it is, anything else behind "@" and its source; a claim that itself begins with "@" gets another one
 * in front. So no claim can spell another source's text.
 */
function claimText(value: string, place: number, claim: string): string {
  if (place > 0) return `@jwt.${claim}:${value}`
  return value.startsWith('@') ? `@${value}` : value
}

/** The value of a cookie that was sent exactly once; several of one name are ambiguous and count as absent. */
export function cookieValue(fields: Fields, name: string): string | undefined {
  const values = cookieValues(fields, name)
  return values.length === 1 ? values[0] : undefined
}

function verifierOf(jwt: Jwt, secret: (name: string) => string): Verify {
  const rules = {
    algorithms: [...jwt.algorithms],
    ...(jwt.issuer === undefined ? {} : { issuer: jwt.issuer }),
    ...(jwt.audience === undefined ? {} : { audience: jwt.audience }),
  }
  const symmetric = jwt.keys.kind === 'secret' ? new TextEncoder().encode(secret(jwt.keys.env)) : undefined
  let remote: JWTVerifyGetKey | undefined
  return async (token, now) => {
    const { createRemoteJWKSet, jwtVerify } = await import('jose')
    const options = { ...rules, currentDate: new Date(now) }
    if (symmetric !== undefined) return (await jwtVerify(token, symmetric, options)).payload
    remote ??= createRemoteJWKSet(new URL((jwt.keys as { url: string }).url), { timeoutDuration: 3000, cooldownDuration: 5000 })
    return (await jwtVerify(token, remote, options)).payload
  }
}

/** Whether the token itself was at fault; a key set that could not be fetched says nothing about it and is asked again. */
function isVerdict(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && (code.startsWith('ERR_JWT') || code.startsWith('ERR_JWS') || code.startsWith('ERR_JOSE_ALG'))
}

function expiryOf(claims: Claims, now: Instant): Instant {
  const day = later(now, seconds(86_400))
  const expiry = claims['exp']
  return typeof expiry === 'number' ? instant(Math.min(expiry * 1000, day)) : day
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url')
}
