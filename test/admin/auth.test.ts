import { readFileSync } from 'node:fs'
import t from 'tap'
import { createGuard } from '../../src/admin/auth.ts'

const at = (authorization: string | undefined, host = '127.0.0.1:8081') => ({ authorization, host })

t.test('createGuard with a token lets nothing but health pass without it', async (t) => {
  const guard = createGuard('secret')
  t.equal(guard('open', at(undefined)), undefined)
  for (const access of ['read', 'write'] as const) {
    t.equal(guard(access, at('Bearer secret')), undefined, access)
    t.equal(guard(access, at('Bearer secret', 'admin.example')), undefined, 'any host, since the token proves enough')
    for (const wrong of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Bearer secre',
      'Bearer secrets',
      'Bearer SECRET',
      'secret',
      'Bearer secret extra',
    ])
      t.equal(guard(access, at(wrong))?.status, 401, `${access} ${wrong}`)
  }
})

t.test('createGuard without a token refuses writes whatever is sent, and reads by another name', async (t) => {
  const guard = createGuard(undefined)
  t.equal(guard('write', at('Bearer undefined'))?.status, 403)
  t.equal(guard('read', at(undefined)), undefined)
  t.equal(guard('read', at(undefined, 'evil.example'))?.status, 403)
  t.equal(guard('open', at(undefined, 'evil.example')), undefined)
})

t.test('createGuard compares digests of one length, with no way out before the end', async (t) => {
  // A measured time would be a test of the machine; what can be held is that nothing compares the texts.
  const source = readFileSync(new URL('../../src/admin/auth.ts', import.meta.url), 'utf8')
  t.match(source, /timingSafeEqual\(digest\(given\), expected\)/)
  t.notMatch(source, /(?:given|token)\s*[!=]==(?!\s*undefined)|\.startsWith\(|localeCompare/)
  t.equal(
    createGuard('a')('read', at(`Bearer ${'a'.repeat(10_000)}`))?.status,
    401,
    'a length of any size is compared, not thrown at',
  )
})
