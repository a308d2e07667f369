import t from 'tap'
import { Background } from '../../src/proxy/background.ts'

t.test('Background: owns the failures of its work, says them once, and goes on', async (t) => {
  const faults: unknown[] = []
  const background = new Background(10, (error) => faults.push(error))
  background.own(Promise.reject(new Error('broken')))
  background.own(Promise.resolve())
  await background.drain()
  t.match(faults, [{ message: 'broken' }])
  t.equal(background.size, 0)
})

t.test('Background: has no room at its limit, and takes over what must be done all the same', async (t) => {
  const background = new Background(1, () => {})
  const { promise, resolve } = Promise.withResolvers<void>()
  t.ok(background.hasRoom)
  background.own(promise)
  t.notOk(background.hasRoom)
  background.own(promise)
  t.equal(background.size, 2)
  resolve()
  await background.drain()
  t.ok(background.hasRoom)
})

t.test('Background: drain waits for what work has started meanwhile', async (t) => {
  const background = new Background(10, () => {})
  const done: string[] = []
  const later = async (): Promise<void> => {
    await null
    done.push('second')
  }
  const first = async (): Promise<void> => {
    await null
    background.own(later())
    done.push('first')
  }
  background.own(first())
  await background.drain()
  t.same(done, ['first', 'second'])
})
