/**
 * Who may do what on the operator's edge. With a token everything but health needs it. Without one the edge stands on loopback (the settings
 * see to that) and only reads. Tokens are compared by digest, so that the time it takes says nothing about where they differ.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { type Answer, refuse } from './answer.ts'

/** What an operation needs. `open`: nothing. */
export type Access = 'open' | 'read' | 'write'

export interface Credentials {
  readonly authorization: string | undefined
  readonly host: string | undefined
}

/** Undefined: go ahead. */
export type Guard = (access: Access, credentials: Credentials) => Answer | undefined

export function createGuard(token: string | undefined): Guard {
  const expected = token === undefined ? undefined : digest(token)
  return (access, credentials) => {
    if (access === 'open') return undefined
    if (expected === undefined) return withoutToken(access, credentials)
    const given = /^Bearer +([^\s]+) *$/i.exec(credentials.authorization ?? '')?.[1] ?? ''
    // Digests have one length, and all of it is compared, whatever was sent.
    return timingSafeEqual(digest(given), expected) ? undefined : needsToken
  }
}

const needsToken: Answer = refuse(
  401,
  { error: 'The token is missing or wrong', fix: 'Send the value of ADMIN_TOKEN as "Authorization: Bearer <token>"' },
  { 'www-authenticate': 'Bearer realm="springhouse admin"' },
)

const onlyReads: Answer = refuse(403, {
  error: 'The admin API only reads, because it has no token',
  fix: 'Set ADMIN_TOKEN (admin.token), start again, and send it as "Authorization: Bearer <token>"',
})

const foreignHost: Answer = refuse(403, {
  error: 'Without a token the admin API answers to an address only, not to a name',
  fix: 'Ask 127.0.0.1 or localhost, or set ADMIN_TOKEN',
})

/**
 * A page in the operator's browser could have its own name resolve to 127.0.0.1 and read keys from here (DNS rebinding). It cannot choose the
 * Host that the browser sends, which then is that name.
 */
function withoutToken(access: Access, { host }: Credentials): Answer | undefined {
  if (access === 'write') return onlyReads
  const name = (host ?? '').toLowerCase().replace(/:\d*$/, '')
  const isAddress = name === 'localhost' || isIP(name) === 4 || isIP(name.replace(/^\[(.*)\]$/, '$1')) === 6
  return isAddress ? undefined : foreignHost
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest()
}
