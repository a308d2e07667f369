/**
 * Bodies that describe themselves: whose they are, which versions they show, how long they are, and a digest of all that. So every response
 * can be judged alone, whoever stored it, cut it or mixed it up on the way.
 */
import { createHash } from 'node:crypto'

export interface Described {
  /** What was asked for: `item:3`, `list:2`, `cart:ana`. */
  readonly resource: string
  /** Whose it is; empty: everybody's. */
  readonly owner: string
  /** The version of each resource that the body shows. */
  readonly versions: Readonly<Record<string, number>>
}

export type Inspected =
  | { readonly kind: 'right'; readonly versions: Readonly<Record<string, number>> }
  /** Another resource's body, or another owner's. */
  | { readonly kind: 'crossed'; readonly what: string }
  /** Cut, mixed, or not what the origin sends. */
  | { readonly kind: 'corrupt'; readonly what: string }

export function formatBody(described: Described, padding: number): string {
  const { resource, owner, versions } = described
  // As rules read them: `response.json.items[*].id`.
  const items = Object.keys(versions).map((name) => ({ id: name.split(':')[1] }))
  const rest = { resource, owner, versions, items, padding: '.'.repeat(padding) }
  return JSON.stringify({ ...rest, digest: digestOf(rest) })
}

/** Never throws. */
export function inspectBody(text: string, expected: Pick<Described, 'resource' | 'owner'>): Inspected {
  let body: Described & { readonly digest: string }
  try {
    body = JSON.parse(text)
  } catch {
    return { kind: 'corrupt', what: `no JSON: ${JSON.stringify(text.slice(0, 80))}` }
  }
  const { digest, ...rest } = body
  if (digest !== digestOf(rest)) return { kind: 'corrupt', what: 'its digest is another' }
  if (body.resource !== expected.resource || body.owner !== expected.owner) {
    return { kind: 'crossed', what: `${body.resource} of "${body.owner}"` }
  }
  return { kind: 'right', versions: body.versions }
}

function digestOf(rest: object): string {
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex')
}
