/** Answers whose end is not proved: passed as they came, or 502; stored for nobody, whether asked for alone or together. */
import t from 'tap'
import { onEachStore, openScene } from '../fixtures/scene.ts'
import type { Exchange } from '../fixtures/scripted-origin.ts'

const things = 'rules:\n  - { name: things, match: "GET /things/:id", cache: { key: "thing:{params.id}", ttl: 1h } }'

interface Unproved {
  readonly says: string
  /** What a client sees of it: the body, cut or whole, or an error of ours. */
  readonly seen: 'cut' | 'whole' | 502
  readonly send: (exchange: Exchange) => void
}

const head = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n'
const unproved: readonly Unproved[] = [
  {
    says: 'shorter than its Content-Length',
    seen: 'cut',
    send({ raw, cut }) {
      raw(`${head}Content-Length: 10\r\n\r\n01234`)
      cut()
    },
  },
  {
    says: 'chunked, and cut',
    seen: 'cut',
    send({ raw, cut }) {
      raw(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n`)
      cut()
    },
  },
  {
    says: 'chunked, and broken in its framing',
    seen: 'cut',
    send({ raw }) {
      raw(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\nzz\r\n`)
    },
  },
  {
    says: 'reset in the middle',
    seen: 'cut',
    send({ response, reset }) {
      response.writeHead(200, ['Content-Length', '10'])
      response.write('01234', reset)
    },
  },
  {
    says: 'ended by the end of the connection',
    seen: 'whole',
    send({ raw, cut }) {
      raw(`${head}\r\n01234`)
      cut()
    },
  },
  {
    says: 'of two lengths',
    seen: 502,
    send({ raw }) {
      raw(`${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n01234`)
    },
  },
  {
    says: 'of a length and in chunks',
    seen: 502,
    send({ raw }) {
      raw(`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)
    },
  },
]

for (const { says, seen, send } of unproved)
  onEachStore(t, `a body that is ${says} is stored for nobody`, async (t, redis) => {
    const scene = await openScene(t, { rules: things, redis })
    scene.origin.script(send)
    for (const target of ['/things/1', '/unmatched']) {
      // One that leads and one that follows.
      const replies = await Promise.allSettled([scene.house.ask(target), scene.house.ask(target)])
      for (const reply of replies) {
        if (seen === 'cut') t.equal(reply.status, 'rejected', target)
        else t.match(reply, { value: seen === 502 ? { status: 502 } : { status: 200, text: '01234' } }, target)
      }
      await scene.settled()
    }
    scene.answer({ body: 'whole', headers: { 'Cache-Control': 'max-age=60' } })
    for (const target of ['/things/1', '/unmatched'])
      t.match(await scene.ask(target), { text: 'whole', cacheStatus: /^fwd/ }, target)
  })
