import t from 'tap'
import { cpuMicroseconds, parseSchedstat, parseStat } from '../../bench/cpu.ts'

t.test('parseSchedstat: nanoseconds to microseconds', async (t) => {
  t.equal(parseSchedstat('75933000 64345 2\n'), 75_933)
})

t.test('parseStat: user and system ticks behind a name with spaces and parentheses', async (t) => {
  const fields = Array.from({ length: 50 }, (_, i) => i + 3)
  t.equal(parseStat(`12 (a (b) c) ${fields.join(' ')}`, 100), (14 + 15) * 10_000)
})

t.test('cpuMicroseconds: grows by what a process burns, and waiting costs nothing', async (t) => {
  const before = cpuMicroseconds([process.pid])
  const start = process.cpuUsage()
  const deadline = performance.now() + 100
  while (performance.now() < deadline) JSON.parse('[1,2,3]')
  const { user, system } = process.cpuUsage(start)
  const used = cpuMicroseconds([process.pid]) - before
  t.ok(used > 0)
  t.ok(used <= user + system + 20_000, 'no more than the runtime itself counts')
})
