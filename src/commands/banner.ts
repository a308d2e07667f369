/** What `serve` tells a person: where it listens, and three lines worth trying. Programs read the log line "listening" instead. */

export interface Banner {
  readonly address: string
  readonly admin: string
  readonly store: string
  readonly rules: string
  readonly origin: string
  readonly hasAdminToken: boolean
  /** A token of the example's, when the example is the origin. */
  readonly demoToken: string | undefined
}

export function formatBanner(banner: Banner): string {
  const { store, rules, origin, hasAdminToken, demoToken } = banner
  const address = asTyped(banner.address)
  return [
    '',
    `Springhouse listens on ${address}`,
    '',
    `  admin   ${asTyped(banner.admin)}${hasAdminToken ? '' : ' (reads only: set ADMIN_TOKEN to purge from here)'}`,
    `  store   ${store}`,
    `  rules   ${rules}`,
    `  origin  ${origin}${demoToken === undefined ? '' : ' (the example API, since ORIGIN_URL names no other)'}`,
    '',
    'Worth trying:',
    '',
    ...(demoToken === undefined ? ownLines(address, asTyped(banner.admin)) : exampleLines(address, demoToken)),
    '',
    '',
  ].join('\n')
}

function exampleLines(address: string, token: string): string[] {
  return [
    '  # twice: Cache-Status says first fwd=uri-miss, then hit',
    `  curl -i '${address}/api/experiences?category=tours'`,
    '',
    '  # a booking: this experience and every list are fetched anew, so the line above is a miss once more',
    `  curl -i ${address}/api/bookings -H 'content-type: application/json' -d '{"experienceId":1}' \\`,
    `    -H 'authorization: Bearer ${token}'`,
    '',
    '  # twice, and again after a booking: no booking touches the catalogue, it goes on hitting',
    `  curl -i ${address}/api/gamification/badges/all`,
  ]
}

function ownLines(address: string, admin: string): string[] {
  return [
    '  # twice: Cache-Status says where the answer came from, and why',
    `  curl -i ${address}/`,
    '',
    '  # which rule matches, under which key, and what is stored there',
    `  curl '${admin}/explain?url=/'`,
    '',
    '  # hits, misses and hit rate, in all and per rule',
    `  curl ${admin}/metrics/cache`,
  ]
}

/** What is listened on everywhere, or on loopback, a person calls localhost; the host is part of keys, so everybody should call it the same. */
function asTyped(address: string): string {
  return address.replace(/^http:\/\/(?:127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?=:|$)/, 'http://localhost')
}
