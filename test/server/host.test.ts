import t from 'tap'
import { isSameHost, parseHost } from '../../src/server/host.ts'

t.test('parseHost: names, addresses and ports, in lower case', async (t) => {
  const valid = [
    'a',
    'api.example',
    'a-b_c~d.example.',
    'localhost:0',
    'a:65535',
    '127.0.0.1',
    '127.0.0.1:80',
    '[::1]',
    '[::1]:8080',
  ]
  for (const text of valid) t.equal(parseHost(text), text)
  t.equal(parseHost('API.Example:80'), 'api.example:80')
  t.equal(parseHost('[::FFFF:127.0.0.1]'), '[::ffff:127.0.0.1]')
})

t.test('parseHost: anything else is none', async (t) => {
  const invalid = [
    '',
    ' ',
    '.',
    '.a',
    'a..b',
    'a b',
    'a/b',
    'a\\b',
    'a@b',
    'a?b',
    'a#b',
    'a,b',
    'a%41',
    'a\xe9',
    'a;b',
    '*',
    'a\0',
    'a\n',
  ]
  const ports = [':80', 'a:', 'a:x', 'a:080', 'a:65536', 'a:-1', 'a:80:80', 'a:999999', 'a: 80']
  const brackets = ['[', '[]', '[::1', '::1', '[::1]80', '[::1%eth0]', '[127.0.0.1]', '[a]', 'a[::1]', '[::1]]', '[[::1]]']
  for (const text of [...invalid, ...ports, ...brackets, 'a'.repeat(256)])
    t.equal(parseHost(text), undefined, JSON.stringify(text))
})

t.test("isSameHost: a scheme's own port may be written or not", async (t) => {
  t.ok(isSameHost('a', 'a:80', 'http'))
  t.ok(isSameHost('[::1]:443', '[::1]', 'https'))
  t.notOk(isSameHost('a', 'a:443', 'http'))
  t.notOk(isSameHost('a', 'b', 'http'))
  t.notOk(isSameHost('a:80', 'a:8080', 'http'))
})
