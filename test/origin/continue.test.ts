/**
 * The guard in front of undici, on a wire that is cut where the test says. What it takes for granted of undici and of Node is asserted here
 * and in connections.test.ts: an update that changes it fails.
 */
import { Duplex, Readable } from 'node:stream'
import t from 'tap'
import { type buildConnector, Client } from 'undici'
import { type ContinueGuard, guardContinue } from '../../src/origin/continue.ts'

interface Heard {
  /** Interim statuses and the final one, as the origin sent them. */
  readonly heads: number[]
  body: string
  error: (Error & { code?: string }) | undefined
}

interface Line {
  /** Sends a request and plays the answer, part by part, each in a turn of its own. */
  ask(parts: readonly Buffer[], method?: string): Promise<Heard>
  /** How often undici connected. */
  connects(): number
  close(): Promise<void>
}

/** undici on a line without a network; `isGuarded` says whether with the guard in front. */
function openLine(isGuarded: boolean): Line {
  let wire: Duplex | undefined
  let guard: ContinueGuard | undefined
  let connects = 0
  const client = new Client('http://origin.example', {
    connect(_options: buildConnector.Options, callback: buildConnector.Callback) {
      connects++
      const made = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(), autoDestroy: true })
      wire = made
      guard = isGuarded ? guardContinue(made) : undefined
      setImmediate(() => callback(null, made as never))
    },
  })

  async function ask(parts: readonly Buffer[], method = 'GET'): Promise<Heard> {
    const heard: Heard = { heads: [], body: '', error: undefined }
    const sent = Promise.withResolvers<void>()
    const done = new Promise<void>((resolve) => {
      client.dispatch(
        { method: method as 'GET', path: '/', headers: [], body: method === 'POST' ? 'abc' : null },
        {
          onRequestStart() {
            guard?.expectAnswer()
            sent.resolve()
          },
          onResponseStart: (_controller, status) => void heard.heads.push(guard?.originStatus(status) ?? status),
          onResponseData(_controller, chunk) {
            heard.body += chunk.toString('latin1')
          },
          onResponseEnd: () => resolve(),
          onResponseError(_controller, error) {
            heard.error = error
            resolve()
          },
        },
      )
    })
    await sent.promise
    for (const part of parts) {
      await new Promise((next) => setImmediate(next))
      if (wire?.destroyed) break
      wire?.push(Buffer.from(part))
    }
    await done
    return heard
  }

  return { ask, connects: () => connects, close: () => client.destroy() }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const final = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const continued = 'HTTP/1.1 100 Continue\r\n\r\n'
const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
const decoy = `${continued}${final}`

const answers: ReadonlyArray<readonly [name: string, answer: string, heads: readonly number[], body: string]> = [
  ['none', final, [200], 'ok'],
  ['one', `${continued}${final}`, [100, 200], 'ok'],
  ['several', `${continued.repeat(3)}${final}`, [100, 100, 100, 200], 'ok'],
  ['before and behind others', `${continued}${hints}${continued}${final}`, [100, 103, 100, 200], 'ok'],
  ['with fields', `HTTP/1.1 100 Go on\r\nA: \r\nB: HTTP/1.1 100\r\n\r\n${final}`, [100, 200], 'ok'],
  ['without a phrase', `HTTP/1.1 100 \r\n\r\n${final}`, [100, 200], 'ok'],
  ['other statuses that begin so', `HTTP/1.1 104 A\r\n\r\nHTTP/1.1 110 B\r\n\r\n${final}`, [104, 110, 200], 'ok'],
  ['the stand-in itself', `HTTP/1.1 109 X\r\n\r\n${continued}HTTP/1.1 109 X\r\n\r\n${final}`, [109, 100, 109, 200], 'ok'],
  [
    'a body that looks like one',
    `${continued}HTTP/1.1 200 OK\r\nContent-Length: ${decoy.length}\r\n\r\n${decoy}`,
    [100, 200],
    decoy,
  ],
  [
    'a body in chunks that look like one',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${decoy.length.toString(16)}\r\n${decoy}\r\n0\r\n\r\n`,
    [200],
    decoy,
  ],
  [
    'a length that an interim response cannot have',
    `HTTP/1.1 103 X\r\nContent-Length: 9\r\n\r\n${continued}${final}`,
    [103, 100, 200],
    'ok',
  ],
]

t.test('100 is heard like every interim response, wherever the bytes are split, and the connection stays', async (t) => {
  const line = openLine(true)
  for (const [name, answer, heads, body] of answers) {
    const all = bytes(answer)
    const splits = Array.from({ length: all.length - 1 }, (_, i) => [all.subarray(0, i + 1), all.subarray(i + 1)])
    const wrong: unknown[] = []
    for (const parts of [[all], [...all].map((byte) => Buffer.of(byte)), ...splits]) {
      const heard = await line.ask(parts, parts.length % 2 === 0 ? 'POST' : 'GET')
      if (heard.error || heard.heads.join() !== heads.join() || heard.body !== body) wrong.push([parts.map(String), heard])
    }
    t.same(wrong, [], name)
  }
  t.equal(line.connects(), 1)
  await line.close()
})

t.test('in answer to HEAD and before an answer without a body', async (t) => {
  const line = openLine(true)
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'
  t.match(await line.ask([bytes(`${continued}${head}`)], 'HEAD'), { heads: [100, 200], body: '', error: undefined })
  const empty = bytes(`${continued}HTTP/1.1 204 No Content\r\n\r\n`)
  t.match(await line.ask([empty]), { heads: [100, 204], body: '', error: undefined })
  await line.close()
})

t.test('what undici is left to refuse: too many, too large, malformed', async (t) => {
  for (const [name, answer, refusal] of [
    ['33 of them', continued.repeat(33), 'SocketError'],
    ['HTTP/1.0', `HTTP/1.0 100 Continue\r\n\r\n${final}`, 'SocketError'],
    ['a large one', `HTTP/1.1 100 Continue\r\nX: ${'x'.repeat(20_000)}\r\n\r\n${final}`, 'HeadersOverflowError'],
    ['four digits', `HTTP/1.1 1000 Continue\r\n\r\n${final}`, 'HTTPParserError'],
    ['no colon', `HTTP/1.1 100 Continue\r\nX\r\n\r\n${final}`, 'HTTPParserError'],
    ['lines without CR', `HTTP/1.1 100 Continue\n\n${final}`, 'HTTPParserError'],
    ['CR alone', `HTTP/1.1 100 Continue\r\rX${final}`, 'HTTPParserError'],
  ] as const) {
    const line = openLine(true)
    t.match((await line.ask([bytes(answer)])).error, { name: refusal }, name)
    await line.close()
  }
  const line = openLine(true)
  const most = await line.ask([bytes(`${continued.repeat(32)}${final}`)])
  t.match([most.heads.length, most.error], [33, undefined], 'counted for one answer')
  t.match((await line.ask([bytes(`${continued.repeat(32)}${final}`)])).error, undefined, 'and the next may have as many')
  await line.close()
})

t.test(
  'undici alone breaks the connection at a 100, and reports the stand-in: once it reads both, the guard can go',
  async (t) => {
    const broken = openLine(false)
    t.match(await broken.ask([bytes(`${continued}${final}`)]), {
      heads: [],
      error: { code: 'UND_ERR_SOCKET', message: 'bad response' },
    })
    await broken.close()
    const read = openLine(false)
    const answer = bytes(`HTTP/1.1 109 Continue\r\nA: 1\r\n\r\n${final}`)
    t.match(await read.ask([answer]), { heads: [109, 200], body: 'ok', error: undefined })
    await read.close()
  },
)

/** What a reader gets of these parts; the guard waits for an answer from the start. */
function through(parts: readonly Buffer[]): Buffer {
  const stream = new Readable({ read() {} })
  const guard = guardContinue(stream)
  guard.expectAnswer()
  for (const part of parts) stream.push(Buffer.from(part))
  const read: Buffer[] = []
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) read.push(chunk)
  return Buffer.concat(read)
}

t.test('only the last digit of a 100 ever changes, and nothing does where no answer is waited for', async (t) => {
  t.equal(through([bytes(`${continued}${hints}${final}`)]).toString(), `${continued.replace('100', '109')}${hints}${final}`)
  for (const answer of [
    `\r\n${continued}`,
    ` ${continued}`,
    `http/1.1 100 Continue\r\n\r\n`,
    `HTTP/2.1 100 Continue\r\n\r\n`,
    `HTTP/1.1  100 Continue\r\n\r\n`,
    `${hints.trimEnd()}\r\n${continued}`,
    `HTTP/1.1 103\n\n${final}${continued}`,
    `HTTP/1.1 103\n\r\n${final}${continued}`,
    `${final}${continued}`,
  ]) {
    t.equal(through([bytes(answer)]).toString(), answer, JSON.stringify(answer))
  }
  const stream = new Readable({ read() {} })
  guardContinue(stream)
  stream.push(bytes(continued))
  stream.push(null)
  t.equal(String(stream.read()), continued, 'idle')
})

t.test('whatever comes: as many bytes, and behind the first head that is not interim the same ones', async (t) => {
  const words = [
    'HTTP/1.1 ',
    '100',
    '109',
    '103',
    '200',
    ' ',
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    'A: b',
    '\0',
    '\xff',
    continued,
    hints,
  ]
  let seed = 7
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  const wrong: string[] = []
  for (let run = 0; run < 2000; run++) {
    const parts = Array.from({ length: 1 + random(12) }, () => bytes(words[random(words.length)] as string))
    const before = Buffer.concat(parts)
    const after = through(parts)
    const mayChange = (i: number): boolean => before.toString('latin1', i - 11, i + 1) === 'HTTP/1.1 100'
    const isSame = after.length === before.length && after.every((byte, i) => byte === before[i] || mayChange(i))
    if (!isSame) wrong.push(before.toString('latin1'))
    const rest = Buffer.concat([bytes(`${final}${decoy}`), before])
    const behind = through([bytes(continued), rest]).subarray(continued.length)
    if (!behind.equals(rest)) wrong.push(behind.toString('latin1'))
  }
  t.same(wrong.slice(0, 5), [])
})
