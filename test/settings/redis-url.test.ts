import t from 'tap'
import { parseRedisUrl } from '../../src/settings/redis-url.ts'

t.test('parseRedisUrl reads every part, unescaped, and leaves undefined what is not said', async (t) => {
  const nothing = { port: undefined, username: undefined, password: undefined, db: undefined }
  t.same(parseRedisUrl('redis://h'), { ...nothing, host: 'h', tls: false })
  t.same(parseRedisUrl('redis://h/'), { ...nothing, host: 'h', tls: false })
  t.same(parseRedisUrl('redis://:p%40s%3As@h:7'), { ...nothing, host: 'h', tls: false, port: 7, password: 'p@s:s' })
  t.same(parseRedisUrl('rediss://me:pw@[::1]:7/3'), { host: '::1', tls: true, port: 7, username: 'me', password: 'pw', db: 3 })
})

t.test('parseRedisUrl refuses what it would misread, without quoting it', async (t) => {
  const hostile = [
    'http://hush',
    'hush:6379',
    'redis://',
    'redis://h/hush',
    'redis://h?hush=1',
    'redis://u:hush%@h',
    '',
    'redis://u:%ff@h',
  ]
  for (const text of hostile) {
    const parsed = parseRedisUrl(text)
    t.ok('problem' in parsed, text)
    t.notMatch(JSON.stringify(parsed), /hush/)
  }
})
