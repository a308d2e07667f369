import fc from 'fast-check'
import t from 'tap'
import { redact } from '../../src/observe/redact.ts'

t.test('redact hides members that name a secret, at any depth and in any case', async (t) => {
  const value = {
    headers: { Authorization: 'Bearer hush', cookie: 'a=hush', accept: 'x' },
    redis: [{ password: 'hush' }],
    adminToken: 'hush',
  }
  t.same(redact(value), {
    headers: { Authorization: '***', cookie: '***', accept: 'x' },
    redis: [{ password: '***' }],
    adminToken: '***',
  })
})

t.test('redact hides credentials inside a text', async (t) => {
  t.equal(redact('connect redis://me:hush@host:6379/0 failed'), 'connect redis://***@host:6379/0 failed')
  t.equal(redact('sent Authorization: Bearer hush.hush-hush'), 'sent Authorization: Bearer ***')
  t.equal(redact('token eyJhbGciOi.eyJzdWIiOi.c2ln!'), 'token ***!')
})

t.test('redact tells what an error is, with its cause, without secrets', async (t) => {
  const cause = Object.assign(new Error('connect https://u:hush@h'), { code: 'ECONNREFUSED' })
  const told = redact({ error: new TypeError('Origin failed', { cause }) }) as { error: { stack: string } }
  t.match(told, {
    error: { type: 'TypeError', message: 'Origin failed', cause: { code: 'ECONNREFUSED', message: 'connect https://***@h' } },
  })
  t.match(told.error.stack, 'redact.test.ts')
  t.notMatch(JSON.stringify(told), /hush/)
})

t.test('redact gives what JSON can hold, bounded, whatever it is given', async (t) => {
  const ring: Record<string, unknown> = {}
  ring['self'] = ring
  t.match(JSON.stringify(redact(ring)), '[deeper]')
  t.equal(redact(Buffer.from('hush')), '[4 bytes]')
  t.equal(redact(12n), '12')
  t.equal((redact('x'.repeat(10_000)) as string).length, 2049)
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }),
      (value) => void JSON.stringify(redact(value)),
    ),
  )
})
