/** The rules of a campaign: one for each way in which a write can reach what is stored. Resources are those of `self-describing-origin.ts`. */

/** `noun`: what the keys of items are called, so that two versions of the rules can name the same things differently. */
export function campaignRules(noun = 'item'): string {
  return `version: 1
prefix: faults
identity: { from: [jwt.sub], jwt: { secret_env: JWT_SECRET } }
defaults: { stale_if_error: 10m }
unmatched: rfc
rules:
  - name: detail
    match: GET /items/:id
    cache: { scope: public, key: "${noun}:{params.id}:detail", ttl: 1h, tags: ["${noun}:{params.id}"] }
  - name: list
    match: GET /items
    cache:
      { scope: public, key: "${noun}s:group:{query.group}", query: { only: [group] }, ttl: 1h, tags: ["${noun}:{response.json.items[*].id}"] }
  # So short that it is refreshed behind its readers most of the time.
  - name: quick
    match: GET /quicks/:id
    cache: { scope: public, key: "quick:{params.id}", ttl: 1s, stale_while_revalidate: 5s }
  - name: strict
    match: GET /stricts/:id
    cache: { scope: public, key: "strict:{params.id}", ttl: 1h, consistency: strict }
  - name: cart
    match: GET /cart
    cache: { scope: user, key: "cart:{user}", ttl: 5s }

  - name: item-by-address
    match: PUT /items/:id
    purge: { tags: ["${noun}:{params.id}"] }
  - name: item-by-tag
    match: POST /changes/tag
    purge: { tags: ["${noun}:{request.json.id}"] }
  - name: item-by-key
    match: POST /changes/key
    purge: { keys: ["${noun}:{request.json.id}:detail"], patterns: ["${noun}s:*"] }
  - name: item-by-pattern
    match: POST /changes/pattern
    purge: { patterns: ["${noun}:{request.json.id}:*", "${noun}s:*"] }
  - name: quick-changed
    match: PUT /quicks/:id
    purge: { keys: ["quick:{params.id}"] }
  - name: strict-changed
    match: PUT /stricts/:id
    purge: { keys: ["strict:{params.id}"] }
  - name: cart-changed
    match: POST /cart
    purge: { keys: ["cart:{user}"] }
  # Pages have no rule: what the origin says is obeyed, and a write to a page invalidates it (RFC 9111 §4.4).
`
}
