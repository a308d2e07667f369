/**
 * Under whatever rules, no answer ever carries the credentials of anybody but the one who gets it. The origin answers with what it was sent, so a
 * body names every credential that made it; rules, keys and requests are thrown by dice, identities chosen to be mistaken for each other.
 */
import { hash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import { type Asked, tokenOf } from '../fixtures/house.ts'
import { onEachStore, openScene, type Scene } from '../fixtures/scene.ts'
import type { Answer, RecordedRequest } from '../fixtures/scripted-origin.ts'

const apiKeys = ['k', 'a']
const sessions = ['s', 'k']
const subjects = ['a', 'a1', '1a', `@header.x-api-key:${hash('sha256', 'k', 'base64url')}`]
/** Two tokens of one subject are one person. */
const owners = new Map<string, string>()
for (const subject of ['a', ...subjects]) owners.set(await tokenOf(subject, { nonce: owners.size }), subject)
const forged = [...owners.keys()].slice(0, 2).map((token) => `${token.slice(0, -6)}AAAAAA`)

interface Credentials {
  readonly token?: string | undefined
  readonly apiKey?: string | undefined
  readonly sessions?: readonly string[] | undefined
}

interface Round {
  readonly credentials: Credentials
  readonly target: string
}

function headersOf({ token, apiKey, sessions }: Credentials): NonNullable<Asked['headers']> {
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
    ...(sessions === undefined ? {} : { cookie: sessions.map((session) => `session=${session}`).join('; ') }),
  }
}

/** To members the same for all of them, to everybody else a list of whom it was made for. */
function answerTo({ rawHeaders, target }: Pick<RecordedRequest, 'rawHeaders' | 'target'>): Answer {
  const token = fieldValue(rawHeaders, 'authorization')?.slice('Bearer '.length)
  const subject = token === undefined ? undefined : (owners.get(token) ?? token)
  const named = Object.entries({ subject, key: fieldValue(rawHeaders, 'x-api-key'), cookie: fieldValue(rawHeaders, 'cookie') })
    .filter(([, value]) => value !== undefined)
    .map(([kind, value]) => `${kind} ${value}`)
  const members = token === undefined || !owners.has(token) ? [] : ['a member']
  const control = /control=([A-Za-z0-9%-]+)/.exec(target)?.[1]
  return {
    headers: control === undefined ? {} : { 'Cache-Control': decodeURIComponent(control) },
    body: JSON.stringify(target.startsWith('/members') ? members : named),
  }
}

/** Whom an answer may name: whatever this request itself would have told the origin. */
function ownNames({ credentials }: Round): string[] {
  const { authorization, 'x-api-key': apiKey, cookie } = headersOf(credentials) as Record<string, string | undefined>
  const rawHeaders = Object.entries({ authorization, 'x-api-key': apiKey, cookie }).flatMap(([name, value]) =>
    value === undefined ? [] : [name, value],
  )
  const names = (target: string): string[] => JSON.parse(String(answerTo({ rawHeaders, target }).body))
  return [...names('/'), ...names('/members')]
}

const shared = ['1', '-', ':', '{params.id}', '{query.q}', '{query.q|1}', '{path}', '{host}']
const personal = ['{user}', '{user}', '{user|a}', '{jwt.sub}', '{cookie.session|a}', '{header.x-api-key|k}']
/** Where one value ends and the next begins does not show. */
const touching = [
  ['{user}', '{query.q|1}'],
  ['{params.id}', '{user}'],
  ['u:', '{user}', '-', '{query.q|1}'],
  ['{jwt.sub}', '{params.id}'],
]

function cacheOf(scope: string | undefined): fc.Arbitrary<string> {
  const parts = scope === 'user' ? [...shared, ...personal] : shared
  return fc
    .record({
      key: fc.oneof(
        { weight: 4, arbitrary: fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 4 }) },
        ...(scope === 'user' ? [{ weight: 1, arbitrary: fc.constantFrom(...touching) }] : []),
      ),
      timing: fc.constantFrom(
        'ttl: 1m',
        'ttl: 1m',
        'ttl: 1m, stale_while_revalidate: 1m',
        'ttl: origin',
        'ttl: 1m, override: [private]',
      ),
      more: fc.constantFrom(
        '',
        '',
        ', query: { only: [q] }',
        ', query: { ignore: [control] }',
        ', collapse: false',
        ', min_uses: 2',
      ),
    })
    .map(
      ({ key, timing, more }) => `{ ${scope === undefined ? '' : `scope: ${scope}, `}key: "${key.join('')}", ${timing}${more} }`,
    )
}

const scopes = fc.constantFrom('public', 'authenticated', 'user', 'user', 'user', undefined)
const rules = fc
  .record({
    from: fc
      .shuffledSubarray(['jwt.sub', 'header.x-api-key', 'cookie.session'], { minLength: 2 })
      .filter((from) => from.includes('jwt.sub')),
    unmatched: fc.constantFrom('rfc', 'pass'),
    // All of them at a place, so that what differs between two requests is seldom the rule.
    rules: fc.array(
      scopes.chain((scope) => cacheOf(scope).map((cache) => ({ place: scope === 'authenticated' ? 'members' : 'own', cache }))),
      { minLength: 1, maxLength: 2 },
    ),
  })
  .map(({ from, unmatched, rules }) => ({
    places: rules.map(({ place }, i) => `/${place}${i}`),
    from,
    text: `identity: { from: [${from.join(', ')}], jwt: { secret_env: JWT_SECRET } }
unmatched: ${unmatched}
rules:
${rules.map(({ place, cache }, i) => `  - { name: r${i}, match: "GET /${place}${i}/:id", cache: ${cache} }`).join('\n')}`,
  }))

function optional<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined, freq: 2 })
}

function credentialsFrom(from: readonly string[]): fc.Arbitrary<Credentials> {
  return fc.record({
    token: optional(fc.constantFrom(...owners.keys(), ...forged)),
    apiKey: from.includes('header.x-api-key') ? optional(fc.constantFrom(...apiKeys)) : fc.constant(undefined),
    sessions: optional(fc.array(fc.constantFrom(...sessions), { minLength: 1, maxLength: 2 })),
  })
}

function targetAt(places: readonly string[]): fc.Arbitrary<string> {
  const place = fc.constantFrom(...places, ...places, ...places, '/plain')
  const query = fc.constantFrom('', '?q=1', '?q=11', '?control=max-age%3D60', '?control=private')
  return fc.tuple(place, fc.constantFrom('1', '11'), query).map(([place, id, query]) => `${place}/${id}${query}`)
}

/** A few people who ask for a few things again and again. */
const play = rules.chain(({ text, places, from }) =>
  fc
    .record({
      people: fc.array(credentialsFrom(from), { minLength: 2, maxLength: 4 }),
      targets: fc.array(targetAt(places), { minLength: 1, maxLength: 3 }),
    })
    .chain(({ people, targets }) => {
      const round = fc.record({ credentials: fc.constantFrom(...people), target: fc.constantFrom(...targets) })
      const batch = fc.array(round, { minLength: 1, maxLength: 6 })
      return fc.record({ text: fc.constant(text), batches: fc.array(batch, { minLength: 2, maxLength: 4 }) })
    }),
)

interface Score {
  asked: number
  shared: number
}

async function act(scene: Scene, score: Score, { text, batches }: { text: string; batches: Round[][] }): Promise<void> {
  await scene.house.reloaded(text)
  for (const batch of batches) {
    const all = batch.map(async (round) => {
      const { text, cacheStatus } = await scene.house.ask(round.target, { headers: headersOf(round.credentials) })
      score.asked += 1
      if (/hit;|collapsed/.test(cacheStatus)) score.shared += 1
      const own = ownNames(round)
      const other = (JSON.parse(text) as string[]).find((name) => !own.includes(name))
      if (other !== undefined)
        throw new Error(`What was made for ${other} was given to ${own.join(', ') || 'nobody'} (${cacheStatus})`)
    })
    await Promise.all(all)
    await scene.settled()
  }
}

onEachStore(t, 'nobody gets what belongs to another', async (t, redis) => {
  const scene = await openScene(t, { rules: 'rules: []', redis })
  scene.answer(answerTo)
  const score: Score = { asked: 0, shared: 0 }
  const numRuns = redis === undefined ? 400 : 100
  await fc.assert(
    fc.asyncProperty(play, (play) => act(scene, score, play)),
    { numRuns },
  )
  t.ok(score.shared > score.asked / 20, `${score.shared} of ${score.asked} answers were shared`)
})
