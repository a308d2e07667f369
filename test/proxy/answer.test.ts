import t from 'tap'
import { unmatchedRule } from '../../src/cache/entry.ts'
import { abandon, answerBrokenBody, answerError, answerStored, answerWhole } from '../../src/proxy/answer.ts'
import { BodyTooLarge } from '../../src/proxy/exchange.ts'
import { Visit } from '../../src/proxy/visit.ts'
import { seconds } from '../../src/time.ts'
import { body, makeEntry, makePolicy } from '../cache/builders.ts'
import { type Asked, type FakeClient, makeClient } from '../fixtures/exchange.ts'
import { makeParts, type PartsOptions, type TestParts } from '../fixtures/parts.ts'
import { makeOrigin } from './fake-origin.ts'

const policy = makePolicy()

function visitOf(asked: Asked = {}, options: Partial<PartsOptions> = {}): { visit: Visit; client: FakeClient; kit: TestParts } {
  const kit = makeParts({ origin: makeOrigin(), ...options })
  const client = makeClient(asked)
  return { visit: new Visit(client, kit.parts, unmatchedRule), client, kit }
}

t.test('answerStored: one Cache-Status, ours behind that of caches nearer to the origin', async (t) => {
  const { visit, client, kit } = visitOf({}, { settings: { sendVia: true } })
  const entry = makeEntry(['Cache-Status', 'inner; hit', 'Via', '1.1 inner', 'X-A', '1'])
  answerStored(visit, { entry, body, age: seconds(5.7), policy, reason: 'fresh', status: { kind: 'hit', ttl: seconds(3) } })
  t.equal(client.field('cache-status'), 'inner; hit, springhouse; hit; ttl=3; detail=fresh')
  t.match(client.field('via'), /^1.1 inner, .*springhouse/)
  t.same([client.field('age'), client.text, client.wrongs], ['5', '0123456789', []])
  t.match(kit.observed.reports, [{ reason: 'fresh', status: 200, bytes: 10, isCollapsed: false, originDuration: undefined }])
})

t.test('answerStored: HEAD says the length and sends nothing, a 304 says neither', async (t) => {
  const stored = { body, age: seconds(1), policy, reason: 'fresh', status: { kind: 'hit' } } as const
  const head = visitOf({ method: 'HEAD' })
  answerStored(head.visit, { ...stored, entry: makeEntry() })
  t.same([head.client.status, head.client.announced, head.client.text], [200, 10, ''])
  const conditional = visitOf({ fields: ['If-None-Match', '"1"'] })
  answerStored(conditional.visit, { ...stored, entry: makeEntry(['ETag', '"1"']) })
  t.same([conditional.client.status, conditional.client.announced], [304, undefined])
  t.equal(conditional.kit.observed.reports[0]?.status, 304)
})

t.test('answerError: says why in one line, and that nobody may keep it', async (t) => {
  const { visit, client } = visitOf()
  answerError(visit, 503, 'origin-overloaded', { kind: 'forward', fwd: 'uri-miss' })
  t.same(
    ['content-type', 'cache-control', 'retry-after', 'cache-status'].map((name) => client.field(name)),
    ['text/plain; charset=utf-8', 'no-store', '1', 'springhouse; fwd=uri-miss; detail=origin-overloaded'],
  )
  t.equal(client.text, '503 origin-overloaded\n')
  t.match(client.field('date'), /GMT$/)
})

t.test('answerWhole: with the fields that were added on the way', async (t) => {
  const { visit, client } = visitOf()
  visit.ownFields.push('Springhouse-Purge', 'queued')
  answerWhole(visit, { status: 201, reasonPhrase: '', fields: [] }, body, { kind: 'forward', fwd: 'method' })
  t.same([client.status, client.field('springhouse-purge'), client.wrongs], [201, 'queued', []])
})

t.test('answerBrokenBody: too long, left, or broken', async (t) => {
  const cases: Array<[error: Error, isLeft: boolean, status: number, reason: string]> = [
    [new BodyTooLarge(10), false, 413, 'body-too-large'],
    [new Error('reset'), true, 499, 'aborted'],
    [new Error('reset'), false, 400, 'aborted'],
  ]
  for (const [error, isLeft, status, reason] of cases) {
    const { visit, client, kit } = visitOf()
    if (isLeft) client.leave()
    answerBrokenBody(visit, error)
    t.match(kit.observed.reports, [{ status, reason }])
    t.equal(client.status, isLeft ? undefined : status)
  }
})

t.test('Visit: one report, whatever is finished after it', async (t) => {
  const { visit, kit } = visitOf({ target: '/a' })
  visit.reason = 'fresh'
  visit.key = 'k'
  kit.clock.advance(7)
  t.notOk(visit.isReported)
  visit.finish(200)
  abandon(visit)
  t.ok(visit.isReported)
  t.match(kit.observed.reports, [{ status: 200, reason: 'fresh', key: 'k', duration: 7, rule: unmatchedRule, method: 'GET' }])
  t.equal(kit.observed.reports.length, 1)
})
