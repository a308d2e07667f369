import t from 'tap'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import { bearer, token } from './fake-admin.ts'

const rules = `rules:
  - name: things
    match: GET /things/:id
    cache: { scope: public, key: "thing:{params.id}:detail", ttl: 1m, tags: [things] }
  - name: words
    match: GET /words
    cache: { scope: public, key: "words", ttl: 1m, vary: { accept-language: exact } }
`
const env = { ADMIN_TOKEN: token }

onEachStore(t, 'what is stored is listed, shown and explained as it is', async (t, redis) => {
  const { ask, clock, house } = await openScene(t, { rules, redis, env })
  const admin = connect(house.admin)
  t.match((await admin('/explain?url=/things/1')).json, { rule: 'things', outcome: 'fetch', reason: 'uri-miss' })
  await ask('/things/1')
  await ask('/things/2')
  const { keys } = await listAll(admin)
  t.equal(keys.length, 2)
  t.match(keys, [/^thing:1:detail\|h=/, /^thing:2:detail\|h=/], 'without prefix, and without the keys that are no entries')
  clock.advance(10_000)
  const host = new URL(house.url).host
  t.match((await admin(`/explain?url=${encodeURIComponent(`http://${host}/things/1`)}`)).json, {
    outcome: 'serve',
    reason: 'fresh',
    entry: { status: 200, ageSeconds: 10, lifetimeSeconds: 60, ttlSeconds: 50 },
  })
  const shown = await admin('/keys/thing:1:detail')
  t.match(shown.json, { rule: 'things', status: 200, age: 10, ttl: 50, state: 'fresh' })
  t.ok(shown.json.labels.includes('t:things'))
  t.equal((await admin('/keys/thing:3:detail')).status, 404)
})

onEachStore(t, 'a purge by any name holds once it is acknowledged; a dry run changes nothing', async (t, redis) => {
  const { ask, house, origin } = await openScene(t, { rules, redis, env })
  const admin = connect(house.admin)
  const host = new URL(house.url).host
  const forms: object[] = [
    { tag: 'things' },
    { key: 'thing:1:detail' },
    { pattern: 'thing:*' },
    { pattern: '*:detail' },
    { rule: 'things' },
    { url: `http://${host}/things/1?any` },
    { url: '/things/1' },
    { all: true },
  ]
  let asked = 0
  for (const form of forms) {
    const name = JSON.stringify(form)
    await ask('/things/1')
    asked += 1
    const dry = await admin('/purge', { method: 'POST', body: JSON.stringify({ ...form, dryRun: true, count: 1000 }) })
    t.match(dry.json.keys, [/^thing:1:detail\|/], `${name} reaches it`)
    await ask('/things/1')
    t.equal(origin.count(), asked, `${name} as a dry run purges nothing`)
    const done = await admin('/purge', { method: 'POST', body: name })
    t.equal(done.status, 200, name)
    t.type(done.json.number, 'number')
    t.match((await ask('/things/1')).cacheStatus, /^fwd=/, name)
    asked += 1
    t.equal(origin.count(), asked, name)
    await admin('/purge', { method: 'POST', body: '{"all":true}' })
  }
  await ask('/things/1')
  const { keys } = await listAll(admin)
  await admin(`/keys/${keys[0]}`, { method: 'DELETE' })
  t.match((await ask('/things/1')).cacheStatus, /^fwd=/, 'DELETE of the key as it is listed')
})

onEachStore(t, 'a purged entry is shown as purged, one that varies by what it varies', async (t, redis) => {
  const { answer, ask, house } = await openScene(t, { rules, redis, env })
  const admin = connect(house.admin)
  await ask('/things/1')
  await admin('/purge', { method: 'POST', body: '{"tag":"things","soft":true}' })
  t.match((await admin('/keys/thing:1:detail')).json, { state: 'purged softly' })
  await admin('/purge', { method: 'POST', body: '{"tag":"things"}' })
  t.match((await admin('/keys/thing:1:detail')).json, { state: 'purged' })
  answer({ headers: { vary: 'accept-language' } })
  await ask('/words', { headers: { 'accept-language': 'es' } })
  const { keys } = await listAll(admin, 'words*')
  const shown = await Promise.all(keys.map((key) => admin(`/keys/${encodeURIComponent(key)}`)))
  t.same(shown.map(({ json }) => json.kind).sort(), ['entry', 'variants'])
})

interface Reply {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects, and fails when it is not there
  readonly json: any
}
type AskAdmin = (path: string, init?: { readonly method: string; readonly body?: string }) => Promise<Reply>

function connect(address: string): AskAdmin {
  return async (path, init = { method: 'GET' }) => {
    const response = await fetch(`${address}${path}`, { ...init, headers: bearer })
    return { status: response.status, json: await response.json() }
  }
}

async function listAll(admin: AskAdmin, match = '*'): Promise<{ readonly keys: string[] }> {
  const keys: string[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const { json } = await admin(`/keys?${new URLSearchParams({ match, cursor })}`)
    keys.push(...json.keys)
    cursor = json.cursor
  }
  return { keys: keys.sort() }
}
