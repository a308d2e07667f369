/**
 * The closed list of reasons: why an answer was what it was. One token, the same in `Cache-Status`, the access log, the metrics and
 * `explain`; no other part of the program invents one. A reason decides the outcome, so the two can never contradict each other.
 *
 * `hit` and `stale` were answered from the store without waiting for the origin, or because it failed; `miss` waited for the origin where
 * the store might have answered; `bypass` was forwarded because the store must not answer.
 */

export type Outcome = 'hit' | 'stale' | 'miss' | 'bypass' | 'error' | 'refused' | 'tunnel'

export const reasons = {
  // Answered from the store.
  fresh: { outcome: 'hit', help: 'The stored response is inside its lifetime.' },
  'stale-while-revalidate': {
    outcome: 'stale',
    help: 'Past its lifetime, inside the stale window, while a refresh is under way.',
  },
  'stale-if-error': { outcome: 'stale', help: 'Past its lifetime, inside the error window, because the origin failed.' },
  'stale-purged-softly': { outcome: 'stale', help: 'Purged softly, inside the stale window, while a refresh is under way.' },

  // Forwarded, and the store was asked first.
  revalidated: { outcome: 'miss', help: 'The origin confirmed the stored response with a 304.' },
  collapsed: {
    outcome: 'miss',
    help: 'Shared the answer of a request for the same key that was already on its way to the origin.',
  },
  'uri-miss': { outcome: 'miss', help: 'Nothing is stored under the key.' },
  'vary-miss': { outcome: 'miss', help: 'Something is stored under the key, but no variant for these request fields.' },
  stale: { outcome: 'miss', help: 'The stored response is past its lifetime and its stale windows.' },
  purged: { outcome: 'miss', help: 'The stored response carries a label that was purged after it was fetched.' },
  'request-directive': { outcome: 'miss', help: "The request's Cache-Control does not accept the stored response." },
  'stored-partially': { outcome: 'miss', help: 'Only a part of the response is stored, and not the one that was asked for.' },
  'min-uses': { outcome: 'miss', help: 'Not stored: asked for fewer times than the rule wants before it stores.' },
  undecodable: { outcome: 'miss', help: 'The stored response cannot be read.' },

  // Forwarded, and the store was not asked.
  method: { outcome: 'bypass', help: 'No rule caches this method.' },
  unmatched: { outcome: 'bypass', help: 'No cache rule matches, and what does not match passes.' },
  'mode-off': { outcome: 'bypass', help: "The rule's mode is off." },
  'mode-shadow': { outcome: 'bypass', help: "The rule's mode is shadow: decided, reported, not applied." },
  credentials: { outcome: 'bypass', help: 'The request carries credentials and the rule names no scope.' },
  'credentials-needed': {
    outcome: 'bypass',
    help: 'The origin refused the request without credentials, so the rule cannot be public.',
  },
  'identity-missing': { outcome: 'bypass', help: 'The scope needs an identity and the request has none.' },
  'identity-invalid': { outcome: 'bypass', help: 'The request carries an identity that cannot be verified.' },
  'key-incomplete': { outcome: 'bypass', help: 'A value of the key is missing and has no default.' },
  'path-ambiguous': { outcome: 'bypass', help: 'The path can be read in two ways, so no rule can be trusted to match it.' },
  precondition: { outcome: 'bypass', help: 'The request carries a precondition that only the origin can judge.' },
  'body-not-keyed': { outcome: 'bypass', help: 'The request carries a body that is no part of the key.' },
  'hit-for-miss': { outcome: 'bypass', help: 'The last answer to this key was not storable, which is remembered for a while.' },
  'store-unavailable': { outcome: 'bypass', help: 'The store does not answer.' },
  'ledger-unavailable': { outcome: 'bypass', help: 'The ledger does not answer, so nothing stored can be proved current.' },
  'event-stream': { outcome: 'bypass', help: 'The answer is an event stream: passed on as it comes.' },

  // Forwarded as a miss, and the answer was not stored.
  'no-store': { outcome: 'miss', help: 'Not stored: no-store forbids it.' },
  'no-cache': { outcome: 'miss', help: 'Not stored: no-cache would need the origin before every use.' },
  private: { outcome: 'miss', help: 'Not stored: private to one user.' },
  authorization: {
    outcome: 'miss',
    help: 'Not stored: the request carried Authorization and the origin does not allow sharing.',
  },
  cookie: { outcome: 'miss', help: 'Not stored: the request carried Cookie and the origin does not allow sharing.' },
  'set-cookie': { outcome: 'miss', help: 'Not stored: the answer sets a cookie.' },
  'vary-any': { outcome: 'miss', help: 'Not stored: Vary: * matches no second request.' },
  status: { outcome: 'miss', help: 'Not stored: neither the rule nor the origin gives this status a lifetime.' },
  'no-lifetime': { outcome: 'miss', help: 'Not stored: no lifetime and no validator.' },
  'must-understand': { outcome: 'miss', help: 'Not stored: must-understand with a status that is not understood.' },
  'too-large': { outcome: 'miss', help: 'Not stored: longer than the size limit.' },
  incomplete: { outcome: 'miss', help: 'Not stored: the answer was cut before its end.' },
  'no-provable-end': { outcome: 'miss', help: 'Not stored: neither length nor chunks prove where the answer ends.' },
  partial: { outcome: 'miss', help: 'Not stored: a part of a response.' },
  'tags-unread': { outcome: 'miss', help: 'Not stored: the tags that the rule takes from the answer cannot be read whole.' },
  'newer-stored': { outcome: 'miss', help: 'Not stored: a newer answer, asked for later, is stored already.' },
  'too-many-tags': { outcome: 'miss', help: 'Not stored: more tags than an entry may carry.' },

  // Writes.
  write: { outcome: 'bypass', help: 'A write that the origin accepted; what it purges is purged.' },
  'write-failed': { outcome: 'bypass', help: 'A write that the origin refused; nothing is purged.' },
  'write-unknown': { outcome: 'error', help: 'A write that the origin may have done; what it purges is purged.' },

  'purge-unavailable': {
    outcome: 'refused',
    help: 'A write that was not forwarded: its purge cannot be recorded, and its rule wants it refused then.',
  },

  // No answer of the origin's.
  'only-if-cached': { outcome: 'refused', help: 'The request accepts a stored response only, and none is usable.' },
  'origin-unreachable': { outcome: 'error', help: 'No connection to the origin.' },
  'origin-overloaded': { outcome: 'error', help: 'The queue to the origin is full, or the wait in it was too long.' },
  'origin-circuit-open': { outcome: 'error', help: 'The origin failed too often and is left alone for a moment.' },
  'origin-timeout': { outcome: 'error', help: 'The origin took too long.' },
  'origin-broken': { outcome: 'error', help: 'The connection to the origin broke, or what came was not HTTP.' },
  'origin-request-refused': { outcome: 'error', help: 'The request cannot be expressed towards the origin.' },
  aborted: { outcome: 'error', help: 'The client left before the answer.' },
  internal: { outcome: 'error', help: 'A fault of the proxy itself.' },

  // Refused by the gate, before anything else looked at it.
  'bad-request-line': { outcome: 'refused', help: 'The request line is malformed.' },
  'bad-host': { outcome: 'refused', help: 'Host is missing, repeated or malformed.' },
  'bad-target': { outcome: 'refused', help: 'The target is malformed or names another host.' },
  'bad-field': { outcome: 'refused', help: 'A field is malformed.' },
  'bad-framing': { outcome: 'refused', help: 'Where the body ends is ambiguous.' },
  'bad-version': { outcome: 'refused', help: 'The HTTP version is not spoken here.' },
  'method-refused': { outcome: 'refused', help: 'The method is not allowed through.' },
  'target-too-long': { outcome: 'refused', help: 'The target is longer than the limit.' },
  'header-too-large': { outcome: 'refused', help: 'The header section is larger than the limit.' },
  'too-many-fields': { outcome: 'refused', help: 'The header section has more fields than the limit.' },
  'body-too-large': { outcome: 'refused', help: 'The request body is larger than the limit.' },
  'too-many-connections': { outcome: 'refused', help: 'More connections than the limit.' },
  'request-timeout': { outcome: 'refused', help: 'The client took too long to send its request.' },
  expectation: { outcome: 'refused', help: 'The expectation is not one that can be met.' },

  // Handed over to a tunnel.
  upgrade: { outcome: 'tunnel', help: 'The connection was upgraded and is passed through untouched.' },
  'upgrade-failed': { outcome: 'error', help: 'The origin did not accept the upgrade.' },
} as const

export type Reason = keyof typeof reasons

export function outcomeOf(reason: Reason): Outcome {
  return reasons[reason].outcome
}
