/** What a write makes old without any rule (RFC 9111 §4.4): its URI, and what its answer names on the same host; after an error nothing. */
import t from 'tap'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import type { Answer } from '../fixtures/scripted-origin.ts'

interface Write {
  readonly says: string
  readonly method?: string
  readonly answers: Answer
  /** Which of `/dir/thing`, `/dir/other`, `/else` are asked for anew. */
  readonly purges: readonly string[]
}

const own = '/dir/thing'
const other = '/dir/other'
const elsewhere = '/else'
const location = (value: string): Answer => ({ status: 201, headers: { Location: value } })
const contentLocation = (value: string): Answer => ({ headers: { 'Content-Location': value } })

const writes: readonly Write[] = [
  ...['POST', 'PUT', 'PATCH', 'DELETE', 'M-SEARCH', 'PROPPATCH'].flatMap((method): Write[] => [
    { says: `${method}, 200`, method, answers: {}, purges: [own] },
    { says: `${method}, 204`, method, answers: { status: 204 }, purges: [own] },
    { says: `${method}, 303`, method, answers: { status: 303 }, purges: [own] },
    ...[400, 404, 409, 500, 502, 503].map((status) => ({
      says: `${method}, ${status}`,
      method,
      answers: { status },
      purges: [],
    })),
  ]),
  ...['OPTIONS', 'QUERY'].map((method) => ({ says: `${method}, which is safe`, method, answers: location(other), purges: [] })),
  { says: 'Location', answers: location('/dir/other'), purges: [own, other] },
  { says: 'Location, relative', answers: location('other?x=1'), purges: [own, other] },
  { says: 'Location, with dots', answers: location('./a/../../else'), purges: [own, elsewhere] },
  { says: 'Location, with a fragment', answers: location('/else#part'), purges: [own, elsewhere] },
  { says: 'Location on another host', answers: location('http://evil.example/else'), purges: [own] },
  { says: 'Location on another host, without a scheme', answers: location('//evil.example/else'), purges: [own] },
  { says: 'Location on another port', answers: location('http://127.0.0.1:1/else'), purges: [own] },
  { says: 'Content-Location', answers: contentLocation('/else'), purges: [own, elsewhere] },
  { says: 'Content-Location on another host', answers: contentLocation('http://evil.example/else'), purges: [own] },
  {
    says: 'both',
    answers: { headers: { Location: '/dir/other', 'Content-Location': '/else' } },
    purges: [own, other, elsewhere],
  },
  { says: 'Location of an error', answers: { status: 500, headers: { Location: '/else' } }, purges: [] },
]

onEachStore(t, 'a write without a rule', async (t, redis) => {
  const { ask, answer } = await openScene(t, { rules: 'rules: []', redis })
  for (const { says, method = 'POST', answers, purges } of writes) {
    answer({ headers: { 'Cache-Control': 'max-age=60' } })
    for (const path of [own, other, elsewhere]) await ask(path)
    answer(answers)
    await ask(own, { method, body: 'x' })
    answer({ headers: { 'Cache-Control': 'max-age=60' } })
    const asked: string[] = []
    for (const path of [own, other, elsewhere]) if (!(await ask(path)).cacheStatus.startsWith('hit')) asked.push(path)
    t.same(asked, purges, says)
  }
})

onEachStore(t, 'all that was stored of the URI, whatever its query and its variant', async (t, redis) => {
  const { ask, answer } = await openScene(t, { rules: 'rules: []', redis })
  answer({ headers: { 'Cache-Control': 'max-age=60', Vary: 'X-Kind' } })
  const reads = ['/a', '/a?x=1'].flatMap((target) => ['1', '2'].map((kind) => [target, { headers: { 'X-Kind': kind } }] as const))
  for (const [target, asked] of reads) await ask(target, asked)
  for (const [target, asked] of reads) t.match(await ask(target, asked), { cacheStatus: /^hit/ })
  await ask('/a', { method: 'PUT', body: 'x' })
  for (const [target, asked] of reads) t.match(await ask(target, asked), { cacheStatus: /^fwd=/ }, target)
})

onEachStore(t, 'a write whose outcome is not known counts as done', async (t, redis) => {
  const { ask, answer, origin } = await openScene(t, { rules: 'rules: []', redis })
  answer({ headers: { 'Cache-Control': 'max-age=60' } })
  await ask('/a')
  origin.script(({ reset }) => reset())
  t.match(await ask('/a', { method: 'DELETE' }), { status: 502 })
  answer({})
  t.match(await ask('/a'), { cacheStatus: /^fwd=/ })
})
