/** The whole program as a user starts it: until it listens, while its rules change, and when it is told to stop. */
import { rename, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { makeGate } from '../fixtures/gate.ts'
import { startOrigin } from '../fixtures/scripted-origin.ts'
import { linesOf, run, start } from './springhouse.ts'

const rules = (ttl: string): string =>
  `version: 1\nrules:\n  - { name: a, match: GET /a, cache: { scope: public, key: a, ttl: ${ttl} } }\n`
const free = { PORT: '0', ADMIN_PORT: '0', HOST: '127.0.0.1' }

t.test('npm start without an origin starts the example, and prints curl lines that do what they say', async (t) => {
  const house = start(t, ['serve'], { env: { ...free, npm_lifecycle_event: 'start' } })
  const listening = await house.line('listening')
  t.match(listening, {
    level: 30,
    address: /^http:\/\/127/,
    admin: /^http:\/\/127/,
    store: 'memory',
    rules: './rules.yaml',
    isExample: true,
  })
  t.match(house.out(), /example API/)
  const curls = [...house.out().matchAll(/^ {2}curl -i (.*?(?:\\\n.*)?)$/gm)].map((match) => parseCurl(match[1] ?? ''))
  t.equal(curls.length, 3)
  const [list, booking, catalogue] = curls.map((curl) => () => follow(curl))
  if (list === undefined || booking === undefined || catalogue === undefined) return t.fail('three lines')
  t.match((await list()).headers.get('cache-status'), /fwd=uri-miss/)
  t.match((await list()).headers.get('cache-status'), /hit/)
  await catalogue()
  t.equal((await booking()).status, 201)
  t.match((await list()).headers.get('cache-status'), /fwd=/)
  t.match((await catalogue()).headers.get('cache-status'), /hit/)
  house.child.kill('SIGTERM')
  t.match(await house.ended, { status: 0, err: '' })
})

t.test('without a person in front it prints log lines alone', async (t) => {
  const house = start(t, ['serve'], { env: free })
  await house.line('listening')
  house.child.kill('SIGINT')
  const { status, out } = await house.ended
  t.equal(status, 0)
  t.equal(linesOf(out).length, out.trimEnd().split('\n').length, out)
  t.ok(
    linesOf(out).some((line) => line['msg'] === 'admin-reads-only'),
    'and warns that nobody can purge',
  )
})

t.test('bad settings and bad rules exit 2 with every problem', async (t) => {
  const cwd = t.testdir()
  const bad = await run(t, ['serve'], { cwd, env: { PORT: 'x', REDIS_PORT: 'y', ADMIN_HOST: '0.0.0.0' } })
  t.match(bad, { status: 2, out: '', err: /PORT: server\.port: "x".*\n.*REDIS_PORT: redis\.port: "y"/ })
  t.match(await run(t, ['serve', '--admin-host', '0.0.0.0'], { cwd }), { status: 2, err: /without a token/ })
  t.match(await run(t, ['serve'], { cwd }), { status: 2, err: /There is no file "\.\/rules\.yaml"/ })
  await writeFile(join(cwd, 'rules.yaml'), 'version: 1\nrules:\n  - name: a\n    mtch: GET /\n')
  t.match(await run(t, ['serve'], { cwd, env: free }), { status: 2, out: '', err: /\.\/rules\.yaml:4:5: error: .*"mtch"/ })
  t.match(await run(t, ['serve', '--orign', 'x'], { cwd }), { status: 2, err: /did you mean --origin\?/ })
})

t.test('a secret that the rules name and nobody set exits 2', async (t) => {
  const refused = await run(t, ['serve', '--origin', 'http://127.0.0.1:9'], { env: free })
  t.match(refused, { status: 2, err: /JWT_SECRET is not set/ })
})

t.test('a port that is taken exits 2 and says whose it is to change', async (t) => {
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  const taken = await run(t, ['serve', '--port', String(origin.port)], { env: { ADMIN_PORT: '0', HOST: '127.0.0.1' } })
  t.match(taken, { status: 2, err: new RegExp(`127\\.0\\.0\\.1:${origin.port} .+ server\\.port \\(PORT\\)`) })
  const admin = await run(t, ['serve', '--admin-port', String(origin.port)], { env: { PORT: '0', HOST: '127.0.0.1' } })
  t.match(
    admin,
    { status: 2, err: new RegExp(`127\\.0\\.0\\.1:${origin.port} .+ admin\\.port \\(ADMIN_PORT\\)`) },
    'and lets go of what it had taken before',
  )
})

t.test('a change of the file and SIGHUP reload the rules; bad ones leave the last good in force', async (t) => {
  const cwd = t.testdir()
  const file = join(cwd, 'rules.yaml')
  await writeFile(file, rules('1h'))
  const house = start(t, ['serve'], { cwd, env: free })
  const { admin } = await house.line('listening')
  const ttl = async (): Promise<string> =>
    ((await (await fetch(`${admin}/rules`)).json()) as { rules: Array<{ ttl: string }> }).rules[0]?.ttl ?? ''
  const reloads = (): number => linesOf(house.out()).filter(({ msg }) => msg === 'rules-reloaded').length
  t.equal(await ttl(), '1h')

  await writeFile(join(cwd, 'new.yaml'), rules('2h'))
  await rename(join(cwd, 'new.yaml'), file)
  await house.line('rules-reloaded')
  t.equal(await ttl(), '2h', 'replaced as editors do')

  await writeFile(file, 'version: 1\nrules: 7\n')
  t.match(await house.line('rules-refused'), { level: 50, problems: [/rules\.yaml:2:8/], inForce: 'the last good rules' })
  t.equal(await ttl(), '2h')

  await writeFile(file, rules('3h'))
  await house.line('rules-reloaded', () => reloads() === 2)
  t.equal(await ttl(), '3h', 'written in place')

  house.child.kill('SIGHUP')
  await house.line('rules-reloaded', () => reloads() === 3)
  house.child.kill('SIGTERM')
  t.equal((await house.ended).status, 0)
})

t.test('SIGTERM lets what is in flight end, a second one does not wait', async (t) => {
  const gate = makeGate()
  const origin = await startOrigin(async ({ reply }) => {
    await gate.wait()
    reply({ body: 'late' })
  })
  t.teardown(() => origin.close())
  const cwd = t.testdir()
  await writeFile(join(cwd, 'rules.yaml'), rules('1h'))
  const open = async () => {
    const house = start(t, ['serve', '--origin', origin.url, '--drain-timeout', '30s'], { cwd, env: free })
    const { address } = await house.line('listening')
    const asked = origin.count()
    const socket = connect(Number(new URL(String(address)).port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await origin.received(asked + 1)
    house.child.kill('SIGTERM')
    // What npm does with a Ctrl-C that the terminal sent as well: one wish, not two.
    house.child.kill('SIGINT')
    await house.line('stopping')
    return { house, answer: text(socket).catch(() => '') }
  }
  const impatient = await open()
  const again = setInterval(() => impatient.house.child.kill('SIGTERM'), 50)
  t.equal((await impatient.house.ended).status, 143, 'at once, though a request is in flight')
  clearInterval(again)
  const patient = await open()
  gate.open()
  t.match(await patient.answer, /^HTTP\/1\.1 200 OK\r\n[\s\S]*late/)
  t.equal((await patient.house.ended).status, 0)
})

interface Curl {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string | undefined
}

function parseCurl(line: string): Curl {
  const words = [...line.replace(/\\\n/g, ' ').matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
  const after = (flag: string): string[] => words.flatMap((word, i) => (words[i - 1] === flag ? [word] : []))
  const headers = Object.fromEntries(after('-H').map((field) => field.split(': ') as [string, string]))
  return { url: words[0] ?? '', headers, body: after('-d')[0] }
}

async function follow({ url, headers, body }: Curl): Promise<Response> {
  const response = await fetch(url, { headers, ...(body === undefined ? {} : { method: 'POST', body }) })
  await response.arrayBuffer()
  return response
}
