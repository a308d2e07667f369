/** What governs one request: a rule's `cache` part, or the RFC alone where no rule matched. Data; the decisions that follow are elsewhere. */
import type { VaryRule } from '../http/vary.ts'
import type { Seconds } from '../time.ts'

/** What a rule may overrule in the origin's answer, each only by name. `max-age` stands for every explicit lifetime. */
export type Override = 'max-age' | 'no-store' | 'private' | 'no-cache' | 'must-revalidate' | 'set-cookie' | 'vary'

export interface Policy {
  /** `origin`: as its fields say. `fixed` stands in where the origin is silent; `forever`: until purged. */
  readonly lifetime:
    | { readonly kind: 'origin' }
    | { readonly kind: 'fixed'; readonly duration: Seconds }
    | { readonly kind: 'forever' }
  /** Lifetimes of statuses that `lifetime` does not cover: "404", "4xx". The exact status wins over its class. */
  readonly negative: ReadonlyMap<string, Seconds>
  /** Undefined: as the origin says (RFC 5861). */
  readonly staleWhileRevalidate: Seconds | undefined
  readonly staleIfError: Seconds | undefined
  /** Refresh in the background in the last part of the life: a share of the lifetime (0–1) or a duration. */
  readonly refreshAhead: { readonly share: number } | { readonly duration: Seconds } | undefined
  readonly override: ReadonlySet<Override>
  /** What to do with a response that sets a cookie: not store it, store it without the field, or (rfc only) store it whole. */
  readonly setCookie: 'bypass' | 'strip' | 'keep'
  /** Whether the client's own Cache-Control and Pragma are obeyed. */
  readonly clientDirectives: 'obey' | 'ignore'
  readonly heuristics: boolean
  /** `lenient`: a part that says it reaches the end of the whole ends where its bytes do, and a rest is asked for without proof that it fits. */
  readonly parts?: 'strict' | 'lenient'
  /** `lenient`: a stored response without Last-Modified counts as unmodified since any date that a client names. */
  readonly ifModifiedSince?: 'strict' | 'lenient'
  /** How long at most a copy stays in memory, and in the store that instances share. Undefined: as long as it is of use. */
  readonly l1?: Seconds | undefined
  readonly l2?: Seconds | undefined
  /** Above this many body bytes (before compression at rest) nothing is stored. */
  readonly maxSize: number
  /** Normalisation of request fields that responses vary on; unnamed ones get the default of `http/vary`. */
  readonly vary: ReadonlyMap<string, VaryRule>
}

/** Whether lifetimes are the origin's to say: under the RFC alone, and under a rule with `ttl: origin` or none. */
export function isOriginObeyed({ lifetime }: Policy): boolean {
  return lifetime.kind === 'origin'
}
