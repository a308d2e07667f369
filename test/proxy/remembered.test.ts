import t from 'tap'
import { Remembered } from '../../src/proxy/remembered.ts'
import { instant } from '../../src/time.ts'

t.test('Remembered: a fact holds until its time, and not at it', async (t) => {
  const facts = new Remembered<string>(10)
  facts.remember('a', 'yes', instant(1000))
  t.equal(facts.recall('a', instant(999)), 'yes')
  t.equal(facts.recall('a', instant(1000)), undefined)
  t.equal(facts.size, 0, 'what is over is forgotten')
})

t.test('Remembered: the oldest fact goes when it is full, one that was renewed is young again', async (t) => {
  const facts = new Remembered<number>(2)
  facts.remember('a', 1, instant(1000))
  facts.remember('b', 2, instant(1000))
  facts.remember('a', 3, instant(1000))
  facts.remember('c', 4, instant(1000))
  t.same(
    ['a', 'b', 'c'].map((key) => facts.recall(key, instant(0))),
    [3, undefined, 4],
  )
})

t.test('Remembered: forget and clear', async (t) => {
  const facts = new Remembered<number>(5)
  for (const key of ['a', 'b', 'c']) facts.remember(key, 1, instant(1000))
  facts.forget('a')
  t.equal(facts.size, 2)
  facts.clear()
  t.equal(facts.size, 0)
})
