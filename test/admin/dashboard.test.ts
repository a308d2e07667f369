import { createHash } from 'node:crypto'
import { Script } from 'node:vm'
import t from 'tap'
import { dashboard } from '../../src/admin/dashboard.ts'

const { body = '', fields = {}, contentType } = dashboard()
const policy = fields['content-security-policy'] ?? ''

t.test('dashboard allows no style and no script but its own, by digest, and no other source', async (t) => {
  t.match(contentType, 'text/html')
  for (const kind of ['style', 'script']) {
    const [, inline = ''] = new RegExp(`<${kind}>(.*?)</${kind}>`, 's').exec(body) ?? []
    t.ok(inline.length > 100, kind)
    t.match(policy, `${kind}-src 'sha256-${createHash('sha256').update(inline).digest('base64')}'`)
  }
  t.match(policy, /default-src 'none'.*connect-src 'self'.*frame-ancestors 'none'/)
  t.notMatch(policy, /unsafe|\*|http/)
})

t.test('dashboard needs nothing from elsewhere, and writes what it fetched as text only', async (t) => {
  t.notMatch(body, /https?:|\/\/[a-z]|url\(|@import|<img|<iframe/)
  t.notMatch(body, /innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|\son\w+=|style=/)
  t.doesNotThrow(() => new Script(/<script>(.*?)<\/script>/s.exec(body)?.[1] ?? ')'))
})

t.test('dashboard has every place that its script writes to, once', async (t) => {
  const places = [...new Set([...body.matchAll(/\bat\('(\w+)'\)/g)].map(([, id = '']) => id))]
  t.ok(places.length > 5)
  for (const id of places) t.equal(body.split(` id="${id}"`).length - 1, 1, id)
})
