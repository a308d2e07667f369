import { randomBytes } from 'node:crypto'
import t from 'tap'
import { Arena } from '../../src/store/arena.ts'

t.test('read gives back what was written, in parts or whole, of any length', async (t) => {
  const arena = new Arena()
  for (const length of [1, 255, 256, 257, 512, 5000, 1_048_576, 3_000_001]) {
    const bytes = randomBytes(length)
    const cut = Math.floor(length / 3)
    const first = arena.write([bytes.subarray(0, cut), Buffer.alloc(0), bytes.subarray(cut)])
    t.ok(arena.read(first, length).equals(bytes), `${length}`)
  }
})

t.test('values keep apart while others come and go', async (t) => {
  const arena = new Arena()
  const live = new Map<number, Buffer>()
  for (let i = 0; i < 3000; i += 1) {
    const bytes = randomBytes(1 + ((i * 7919) % 3000))
    live.set(arena.write([bytes]), bytes)
    if (i % 3 === 0) continue
    const [first] = [...live.keys()].slice(i % live.size)
    arena.free(first as number)
    live.delete(first as number)
  }
  let wrong = 0
  for (const [first, bytes] of live) if (!arena.read(first, bytes.length).equals(bytes)) wrong += 1
  t.equal(wrong, 0)
  t.ok(live.size > 900)
})

t.test('what was given back is used again before anything is asked of the system', async (t) => {
  const arena = new Arena()
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 2000; i += 1) arena.free(arena.write([Buffer.alloc(100_000, i)]))
  t.ok(process.memoryUsage().arrayBuffers - before < 100_000_000, 'of 200 MB that passed through')
  const one = arena.write([Buffer.from('one')])
  const other = arena.write([Buffer.from('other')])
  t.ok(one < 400 && other < 400, 'the first blocks')
})

t.test('what is read is a copy', async (t) => {
  const arena = new Arena()
  const first = arena.write([Buffer.from('before')])
  const read = arena.read(first, 6)
  arena.free(first)
  arena.write([Buffer.from('after!')])
  t.equal(String(read), 'before')
})
