import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { type AccessLine, createLog, type Log, type LogOptions } from '../../src/observe/log.ts'
import { milliseconds } from '../../src/time.ts'

function record(options: Partial<LogOptions> = {}): { log: Log; lines: Array<Record<string, unknown>>; texts: string[] } {
  const texts: string[] = []
  const lines: Array<Record<string, unknown>> = []
  const sink = {
    write(text: string) {
      texts.push(text)
      lines.push(JSON.parse(text))
    },
  }
  return { log: createLog({ level: 'info', sampleHits: 1, ...options }, sink), lines, texts }
}

const hit: AccessLine = {
  rule: 'badges',
  reason: 'fresh',
  status: 200,
  method: 'GET',
  key: 'badges:all',
  duration: milliseconds(0.12345),
  originDuration: undefined,
  bytes: 512,
}

t.test('access writes one line with the outcome that follows from the reason', async (t) => {
  const { log, lines } = record()
  log.access(hit)
  log.access({ ...hit, reason: 'uri-miss', originDuration: milliseconds(150) })
  t.equal(lines.length, 2)
  const { time, ...members } = lines[0] ?? {}
  t.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  t.same(members, {
    level: 30,
    msg: 'access',
    rule: 'badges',
    reason: 'fresh',
    outcome: 'hit',
    status: 200,
    method: 'GET',
    keyHash: '4f8972782d6a8928',
    ms: 0.123,
    bytes: 512,
  })
  t.match(lines[1], { outcome: 'miss', reason: 'uri-miss', originMs: 150 })
})

t.test('access samples hits evenly, and nothing else', async (t) => {
  const { log, lines } = record({ sampleHits: 0.1 })
  for (let i = 0; i < 1000; i++) log.access(hit)
  t.equal(lines.length, 100)
  for (let i = 0; i < 10; i++) log.access({ ...hit, reason: 'stale-if-error' })
  t.equal(lines.length, 110)
  const none = record({ sampleHits: 0 })
  for (let i = 0; i < 1000; i++) none.log.access(hit)
  t.equal(none.lines.length, 0)
})

t.test('a level silences what is below it', async (t) => {
  const { log, lines } = record({ level: 'warn' })
  log.access(hit)
  log.event('info', 'stored')
  log.event('error', 'fault')
  t.match(lines, [{ msg: 'fault', level: 50 }])
  t.equal(lines.length, 1)
})

t.test('no key appears in the log, only its digest', async (t) => {
  const { log, texts, lines } = record()
  const report = { ...hit, key: 'user:mia:badges', at: 1, headers: 'mia' }
  log.access(report)
  log.access({ ...hit, key: undefined })
  log.event('info', 'stored', { rule: 'badges', key: 'user:mia:badges' })
  t.notMatch(texts.join(), /mia/)
  t.match(lines[0]?.['keyHash'], /^[0-9a-f]{16}$/)
  t.equal(lines[1]?.['keyHash'], undefined)
  t.equal(lines[2]?.['keyHash'], lines[0]?.['keyHash'])
})

t.test('event redacts secrets', async (t) => {
  const { log, texts } = record()
  log.event('warn', 'purged', { authorization: 'Bearer hush', error: new Error('redis://u:hush@h is down') })
  t.equal(texts.length, 1)
  t.notMatch(texts[0], /hush/)
  t.match(texts[0], /"msg":"purged"/)
})

t.test('text from outside stays inside its line', async (t) => {
  const { log, texts } = record()
  log.access({ ...hit, method: 'GET\n{"level":60,"msg":"%s forged"}' })
  log.event('info', 'stored', { rule: '\u2028"}\r\n{"msg":"forged"}' })
  t.equal(texts.length, 2)
  for (const text of texts) t.equal(text.trimEnd().split(/[\r\n]/).length, 1)
})

t.test('reportChange writes one line for each change of a state', async (t) => {
  const { log, lines } = record()
  for (const state of ['up', 'up', 'down', 'down', 'down', 'up']) log.reportChange('redis', state, { password: 'hush' })
  log.reportChange('origin', 'up')
  t.match(lines, [
    { msg: 'change', what: 'redis', state: 'up' },
    { what: 'redis', state: 'down', before: 'up', password: '***' },
    { what: 'redis', state: 'up', before: 'down' },
    { what: 'origin', state: 'up' },
  ])
  t.equal(lines.length, 4)
})

async function runChild(end: string): Promise<string[]> {
  const source = `
    import { createLog } from ${JSON.stringify(new URL('../../src/observe/log.ts', import.meta.url).href)}
    const log = createLog({ level: 'info', sampleHits: 1 })
    for (let i = 0; i < 5000; i++) log.event('info', 'stored', { i, padding: 'x'.repeat(100) })
    ${end}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [written] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return written.trimEnd().split('\n')
}

t.test('no line is lost at exit', async (t) => {
  for (const end of [
    'process.exit(0)',
    'await log.flush(); process.exit(0)',
    'await log.flush(); process.kill(process.pid, "SIGKILL")',
    '',
  ]) {
    const lines = await runChild(end)
    t.equal(lines.length, 5_000, end)
    t.equal(JSON.parse(lines.at(-1) ?? '{}').i, 4_999)
  }
})
