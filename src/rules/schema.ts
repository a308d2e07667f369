/**
 * The shape of rules.yaml, key by key: what the parser reads, and, through the same declarations, the JSON Schema that editors complete
 * from. Every key has its description here and nowhere else.
 */
import { z } from 'zod'
import type { CachePart, CacheSettings, IdentityPart, MatchPart, PurgePart, RfcPart, RulesFile } from './file.ts'
import { choiceLeaf, flagLeaf, list, mapOf, patternLeaf, section, textLeaf } from './leaf.ts'
import {
  conditionLeaf,
  countLeaf,
  durationLeaf,
  fieldNameLeaf,
  identitySourceLeaf,
  lifetimeLeaf,
  nameLeaf,
  negativeStatusLeaf,
  parameterLeaf,
  refreshAheadLeaf,
  settleLeaf,
  sizeLeaf,
  statusesLeaf,
  templateLeaf,
  ttlLeaf,
  urlLeaf,
} from './leaves.ts'

/** Any text: what it means depends on its neighbours. */
const text = (example: string): z.ZodType<string, string> =>
  textLeaf({ examples: [example] }, (value) => ({ kind: 'value', value }))

const algorithms = [
  ...['HS256', 'HS384', 'HS512'],
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
] as const

const identity: z.ZodType<IdentityPart> = section(
  {
    from: list(identitySourceLeaf(), 'jwt.sub').describe('Where the identity is taken from; the first one present decides'),
    jwt: section(
      {
        secret_env: patternLeaf(
          /^[A-Za-z_][A-Za-z0-9_]*$/,
          'JWT_SECRET',
          (name) => `"${name}" is no name of an environment variable`,
        )
          .optional()
          .describe('The environment variable with the shared secret (HS256, HS384, HS512)'),
        jwks_url: urlLeaf().optional().describe("Where the issuer's public keys are"),
        issuer: text('https://id.example').optional().describe('The "iss" a token must have'),
        audience: text('api').optional().describe('The "aud" a token must have'),
        algorithms: list(choiceLeaf(algorithms), 'ES256').optional().describe('Signature algorithms that are accepted'),
      },
      '{ secret_env: JWT_SECRET }',
    )
      .optional()
      .describe('How a JSON Web Token is verified; one that is not valid never matches'),
    forward: list(fieldNameLeaf(), 'cookie')
      .optional()
      .describe("Credentials beside the identity's own that the origin gets all the same"),
  },
  '{ from: [jwt.sub], jwt: { secret_env: JWT_SECRET } }',
)

const rfc: z.ZodType<RfcPart> = section(
  {
    set_cookie: choiceLeaf(['bypass', 'strip', 'keep'])
      .optional()
      .describe('A response that sets a cookie: not stored, stored without it, stored whole'),
    client_directives: choiceLeaf(['obey', 'ignore']).optional().describe("The client's own Cache-Control and Pragma"),
    heuristics: flagLeaf()
      .optional()
      .describe(
        'Whether a lifetime is guessed from Last-Modified where the origin names none, under "ttl: origin" too; true unless said',
      ),
    parts: choiceLeaf(['strict', 'lenient'])
      .optional()
      .describe(
        'Whether a 206 is kept that is shorter than it says, and a rest asked for that no validator can prove to fit; under "ttl: origin" too',
      ),
    if_modified_since: choiceLeaf(['strict', 'lenient'])
      .optional()
      .describe('Whether what is stored without Last-Modified is judged by its Date, or unmodified since any date'),
  },
  '{ set_cookie: strip }',
)

const varyRule = z.union([choiceLeaf(['ignore', 'exact']), list(text('es'), 'es, en')], {
  error: 'Write "ignore", "exact" or a list of the values that are told apart, as in [es, en]',
})

const collapseChoice = 'Write true, false or "fleet"'

const cacheSettings = {
  mode: choiceLeaf(['on', 'shadow', 'off'])
    .optional()
    .describe('shadow: decide and report, but answer from the origin; off: bypass'),
  ttl: ttlLeaf()
    .optional()
    .describe('The lifetime where the origin names none; "origin": only as the origin says; "forever": until purged'),
  negative: mapOf(negativeStatusLeaf(), lifetimeLeaf(), '404: 10s')
    .optional()
    .describe('Lifetimes of other statuses: exact, or 3xx, 4xx, 5xx'),
  override: list(choiceLeaf(['max-age', 'no-store', 'private', 'no-cache', 'must-revalidate', 'set-cookie', 'vary']), 'max-age')
    .optional()
    .describe("What of the origin's answer the rule overrules; set-cookie: stored without its cookies"),
  stale_while_revalidate: durationLeaf().optional().describe('How long a stale answer is served while it is refreshed behind it'),
  stale_if_error: durationLeaf().optional().describe('How long a stale answer is served while the origin fails'),
  refresh_ahead: refreshAheadLeaf()
    .optional()
    .describe('Refresh in the background in the last part of the lifetime: a share or a duration'),
  collapse: z
    .union([z.boolean(), z.literal('fleet', { error: collapseChoice })], { error: collapseChoice })
    .optional()
    .describe('Whether requests for one key share one request to the origin; fleet: over all instances that share a Redis'),
  min_uses: countLeaf().optional().describe('Store only what was asked for so many times within its lifetime'),
  max_size: sizeLeaf().optional().describe('Longer responses are not stored'),
  l1: lifetimeLeaf().optional().describe('How long at most a copy stays in memory; left out: as long as it is of use'),
  l2: lifetimeLeaf().optional().describe('The same in Redis, where there is one'),
  vary: mapOf(fieldNameLeaf(), varyRule, 'accept-language: [es, en]')
    .optional()
    .describe('How request fields that responses vary on are told apart: ignore, exact, or the best of a list'),
  consistency: choiceLeaf(['bounded', 'strict']).optional().describe('strict: the ledger is asked on every use'),
  client_directives: choiceLeaf(['obey', 'ignore']).optional().describe("The client's own Cache-Control and Pragma"),
}

const defaults: z.ZodType<CacheSettings> = section(cacheSettings, '{ ttl: 1m }')

const cache: z.ZodType<CachePart> = section(
  {
    scope: choiceLeaf(['public', 'authenticated', 'user'])
      .optional()
      .describe('Who shares an entry: everybody, every verified identity, one identity; left out: requests without credentials'),
    key: templateLeaf('experience:{params.id}:detail')
      .optional()
      .describe("The entry's name; left out: the rule's name and the path"),
    query: section(
      {
        only: list(parameterLeaf(), 'page, limit').optional().describe('The parameters that count; all others are dropped'),
        ignore: list(parameterLeaf(), '"utm_*"').optional().describe('The parameters that are dropped'),
      },
      '{ only: [page, limit] }',
    )
      .optional()
      .describe('Which query parameters reach the key and the origin'),
    tags: list(templateLeaf('experience:{params.id}'), 'experiences')
      .optional()
      .describe('Names under which the entry can be purged'),
    ...cacheSettings,
  },
  '{ key: "badges:all", ttl: 1h }',
)

const purge: z.ZodType<PurgePart> = section(
  {
    keys: list(templateLeaf('experience:{params.id}:detail'), '"badges:all"').optional().describe('Keys as rules write them'),
    patterns: list(templateLeaf('experiences:*', true), '"experiences:*"').optional().describe('Keys with "*" for any text'),
    tags: list(templateLeaf('experience:{params.id}'), 'experiences').optional().describe('Tags that rules give their entries'),
    rules: list(text('experience-list'), 'experience-list').optional().describe('Everything that these rules stored'),
    all: flagLeaf().optional().describe('Everything'),
    soft: flagLeaf().optional().describe('Mark stale instead of removing'),
    status: statusesLeaf().optional().describe('Statuses of the write that mean success; left out: 2xx and 3xx'),
    when: conditionLeaf().optional().describe('Purge only when this value is there, not empty and not "false"'),
    settle: settleLeaf()
      .optional()
      .describe('Purge a second time this long after every success, for an origin that reads from lagging replicas'),
    on_purge_failure: choiceLeaf(['queue', 'refuse'])
      .optional()
      .describe(
        'While no purge can be recorded: forward the write and purge as soon as it can be, or answer 503 before forwarding',
      ),
  },
  '{ keys: ["badges:all"] }',
)

const match: z.ZodType<MatchPart> = section(
  {
    methods: z
      .union([text('GET'), list(text('GET'), 'GET')], { error: 'Write a method or a list of methods, as in [GET]' })
      .optional()
      .describe('Left out: GET where the rule caches, POST, PUT, PATCH and DELETE where it purges only'),
    path: text('/api/experiences/:id').describe('":name" is one segment, a final "*" whatever follows'),
    host: text('*.shop.example').optional().describe('A host, with a port where only that one counts; "*." is any name below'),
    headers: mapOf(fieldNameLeaf(), text('application/json*'), 'content-type: "application/json*"')
      .optional()
      .describe('Request fields and the pattern of their value'),
    query: mapOf(text('view'), text('full'), 'view: full').optional().describe('Query parameters and the pattern of their value'),
    json: mapOf(
      patternLeaf(/^[^.[\]*\s]+(?:\.[^.[\]*\s]+)*$/, 'operationName', (path) => `"${path}" is no path of members`),
      z.union([text('Search'), list(text('Search'), 'Search')], { error: 'Write a text or a list of texts' }),
      'operationName: [Search]',
    )
      .optional()
      .describe("Members of the request's JSON body and the values that match"),
  },
  '{ path: /api/experiences }',
)

const rule = section(
  {
    name: nameLeaf("rule's name", 'experience-list').describe('Unique; in logs and metrics'),
    match: z
      .union([text('GET /api/experiences/:id'), match], {
        error: 'Write "GET /path", or a map with "path" and what else must match',
      })
      .describe('Which requests: METHOD[|METHOD] /path, or a map'),
    cache: cache.optional().describe('How the response is stored; the first rule with "cache" that matches decides'),
    purge: purge.optional().describe('What the request purges when the origin accepts it; every rule that matches applies'),
  },
  '{ name: experience-list, match: GET /api/experiences, cache: { ttl: 5m } }',
)

/** The whole file. */
export const rulesFile: z.ZodType<RulesFile> = section(
  {
    version: z.literal(1, { error: 'Write "version: 1"' }).describe('Of this format'),
    prefix: nameLeaf('prefix', 'springhouse').optional().describe('Every key starts with it, in Redis too'),
    identity: identity.optional().describe('Who a request belongs to'),
    defaults: defaults
      .optional()
      .describe('For rules that do not say otherwise; not for "ttl: origin", nor for what no rule matches'),
    unmatched: choiceLeaf(['rfc', 'pass'])
      .optional()
      .describe("What no rule matches: obey the origin's Cache-Control, or never cache"),
    rfc: rfc.optional().describe('The edges of "unmatched: rfc"'),
    rules: z
      .array(rule, { error: 'Write a list of rules, each starting with "- name:"' })
      .describe('In the order in which they are tried'),
  },
  '{ version: 1, rules: [] }',
).describe('The rules of Springhouse: what is cached, under which key, for how long, and which write purges which reads')
