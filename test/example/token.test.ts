import { createHmac } from 'node:crypto'
import t from 'tap'
import { demoSecret, signDemoToken, verifyBearer } from '../../src/example/token.ts'

function forge(head: unknown, body: unknown, secret = demoSecret): string {
  const text = [head, body].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `Bearer ${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

t.test('verifyBearer: a token of signDemoToken proves its claims', async (t) => {
  const token = signDemoToken({ sub: 'lupita', role: 'admin', name: 'Lupita' })
  t.same(verifyBearer(`Bearer ${token}`, demoSecret), { sub: 'lupita', role: 'admin', name: 'Lupita' })
  t.same(verifyBearer(`bearer  ${token}`, demoSecret)?.sub, 'lupita', 'the scheme has no case')
})

t.test('verifyBearer: anything else proves nobody', async (t) => {
  const good = `Bearer ${signDemoToken({ sub: 'lupita' })}`
  const head = { alg: 'HS256' }
  const cases: Record<string, string | undefined> = {
    'no field': undefined,
    'another scheme': good.replace('Bearer', 'Basic'),
    'another secret': forge(head, { sub: 'a' }, 'another'),
    'another algorithm': forge({ alg: 'none' }, { sub: 'a' }),
    'a cut signature': good.slice(0, -4),
    'no signature': good.slice(0, good.lastIndexOf('.') + 1),
    'a past exp': forge(head, { sub: 'a', exp: 1 }),
    'an exp that is no number': forge(head, { sub: 'a', exp: '9999999999' }),
    'no sub': forge(head, {}),
    'a sub that is no text': forge(head, { sub: 7 }),
    'a body that is no object': forge(head, 'lupita'),
  }
  t.ok(verifyBearer(forge(head, { sub: 'a' }), demoSecret), 'the forge itself works')
  for (const [name, field] of Object.entries(cases)) t.equal(verifyBearer(field, demoSecret), undefined, name)
})
