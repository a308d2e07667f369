import t, { type Test } from 'tap'
import { allLabel, keyLabel } from '../../src/cache/label.ts'
import type { LedgerEvent } from '../../src/ledger/event.ts'
import type { Receipt } from '../../src/ledger/ledger.ts'
import { SiblingHub } from '../../src/ledger/sibling-hub.ts'
import { openSiblingLedger } from '../../src/ledger/siblings.ts'
import { milliseconds } from '../../src/time.ts'
import { makeClock, type TestClock } from '../fixtures/clock.ts'
import { ledgerContract } from './contract.ts'
import { joinHub, type Sibling } from './siblings-fixture.ts'

const a = keyLabel('a')
const labels = [a, allLabel]

interface Family {
  readonly clock: TestClock
  readonly siblings: readonly [Sibling, Sibling, Sibling]
  readonly events: LedgerEvent[]
}

async function makeFamily(): Promise<Family> {
  const clock = makeClock()
  const hub = new SiblingHub(clock)
  const events: LedgerEvent[] = []
  const join = (report: (event: LedgerEvent) => void = () => {}): Promise<Sibling> => joinHub(hub, { clock, report })
  return { clock, siblings: [await join(), await join((event) => events.push(event)), await join()], events }
}

/** What the receipt is by now. */
async function receiptOf(purging: Promise<Receipt>): Promise<string> {
  let kind = 'none'
  void purging.then((receipt) => {
    kind = receipt.kind
  })
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  return kind
}

t.test('SiblingLedger keeps the contract, alone and among others', async (t) => {
  const make = async (t: Test, others: number, setup: Parameters<Parameters<typeof ledgerContract>[1]>[1]) => {
    const hub = new SiblingHub(setup.clock)
    for (let other = 0; other < others; other += 1) {
      const { ledger } = await joinHub(hub, { clock: setup.clock, bounds: setup.bounds })
      t.teardown(() => ledger.close())
    }
    const { ledger } = await joinHub(hub, setup)
    t.teardown(() => ledger.close())
    return ledger
  }
  await t.test('alone', (t) => ledgerContract(t, (t, setup) => make(t, 0, setup)))
  await t.test('among others', (t) => ledgerContract(t, (t, setup) => make(t, 2, setup)))
})

t.test('a purge reaches every sibling before it is acknowledged, each under a number of its own', async (t) => {
  const { siblings } = await makeFamily()
  const [one, two, three] = siblings
  await two.ledger.purge([keyLabel('other')], 'hard')
  const stamps = siblings.map(({ ledger }) => ledger.stampNow())
  two.stop()
  three.stop()
  const purging = one.ledger.purge([a], 'hard')
  t.same(one.ledger.judgeNow(stamps[0] as never, labels), { kind: 'purged' }, 'here at once')
  t.equal(await receiptOf(purging), 'none')
  t.ok(two.step())
  two.go()
  t.equal(await receiptOf(purging), 'none', 'one of two has applied it')
  three.go()
  t.equal(await receiptOf(purging), 'done')
  for (const [i, { ledger }] of siblings.entries()) {
    t.same(ledger.judgeNow(stamps[i] as never, labels), { kind: 'purged' })
    t.same(ledger.judgeNow(ledger.stampNow(), labels), { kind: 'valid' })
    t.same(ledger.judgeNow(stamps[(i + 1) % 3] as never, [keyLabel('x')]), { kind: 'purged' }, 'no stamp crosses')
  }
  t.match(await purging, { number: 2, previous: 0 })
})

t.test('a sibling that is stopped is waited for as long as it may believe what it knew, and then believes nothing', async (t) => {
  const { clock, siblings, events } = await makeFamily()
  const [one, two] = siblings
  clock.advance(10_000)
  const before = two.ledger.stampNow()
  two.stop()
  const purging = one.ledger.purge([a], 'hard')
  clock.advance(1999)
  t.equal(await receiptOf(purging), 'none')
  t.same(two.ledger.judgeNow(before, labels), { kind: 'valid' }, 'within its lease it does not know')
  clock.advance(2)
  t.equal(await receiptOf(purging), 'done')
  t.notOk(two.ledger.isAttached)
  t.same(two.ledger.judgeNow(before, labels), { kind: 'purged' }, 'whatever is still on its way')
  t.ok(two.ledger.stampNow().epoch !== before.epoch, 'and what it fetches is its own')
  t.match(two.ledger.status(), { isConnected: false })
  clock.advance(250)
  t.match(events, [{ kind: 'detached' }])
})

t.test('an answer that waited as long as the process was stopped renews nothing, and purges behind it count', async (t) => {
  const { clock, siblings } = await makeFamily()
  const [one, two] = siblings
  const before = two.ledger.stampNow()
  // Its tick is answered, and then the purge is sent; it reads neither.
  two.stop()
  clock.advance(250)
  two.speak()
  const purging = one.ledger.purge([a], 'hard')
  clock.advance(2001)
  t.equal(await receiptOf(purging), 'done')
  t.ok(two.step(), 'the answer to its tick')
  t.notOk(two.ledger.isAttached)
  t.same(two.ledger.judgeNow(before, labels), { kind: 'purged' })
  two.go()
  t.same(two.ledger.judgeNow(before, labels), { kind: 'purged' })
  t.ok(two.ledger.isAttached)
})

t.test('nothing is kept for one that does not listen: it purges all before it is attached again', async (t) => {
  const { clock, siblings } = await makeFamily()
  const [one, two] = siblings
  const before = two.ledger.stampNow()
  two.stop()
  clock.advance(3000)
  const waited = two.waiting
  for (let i = 0; i < 1000; i += 1) t.match(await one.ledger.purge([keyLabel(String(i))], 'hard'), { kind: 'done' })
  t.equal(two.waiting, waited)
  two.go()
  t.ok(two.ledger.isAttached)
  t.same(two.ledger.judgeNow(before, labels), { kind: 'purged' }, 'though nobody purged a')
  const after = two.ledger.stampNow()
  t.equal(after.epoch, before.epoch)
  t.match(await one.ledger.purge([a], 'hard'), { kind: 'done' })
  t.same(two.ledger.judgeNow(after, labels), { kind: 'purged' }, 'and is told again')
})

t.test('one that was stopped while nothing was purged goes on with what it has', async (t) => {
  const { clock, siblings, events } = await makeFamily()
  const [, two] = siblings
  const before = two.ledger.stampNow()
  two.stop()
  clock.advance(10_000)
  two.go()
  t.same(two.ledger.judgeNow(before, labels), { kind: 'valid' })
  t.match(events, [{ kind: 'detached' }, { kind: 'attached' }])
})

t.test('a purge that is applied late, behind a lease that is new, leaves no purge after it out', async (t) => {
  const { clock, siblings } = await makeFamily()
  const [one, two] = siblings
  clock.advance(1000)
  two.stop()
  const first = one.ledger.purge([a], 'hard')
  clock.advance(1500)
  // Its ticks arrive, as they do when a process is only slow to read; the answers come behind the purge.
  two.speak()
  clock.advance(502)
  t.equal(await receiptOf(first), 'done')
  t.notOk(two.ledger.isAttached)
  while (two.step());
  t.ok(two.ledger.isAttached)
  const before = two.ledger.stampNow()
  const second = one.ledger.purge([a], 'hard')
  t.equal(await receiptOf(second), 'none', 'it is attached, so it is waited for')
  two.go()
  t.equal(await receiptOf(second), 'done')
  t.same(two.ledger.judgeNow(before, labels), { kind: 'purged' })
})

t.test(
  'without the hub: what is stored lasts no longer than a lease, own purges hold here and are not called done',
  async (t) => {
    const { clock, siblings } = await makeFamily()
    const [one] = siblings
    const shared = one.ledger.stampNow()
    one.stop()
    clock.advance(2000)
    const own = one.ledger.stampNow()
    t.same(one.ledger.judgeNow(own, labels), { kind: 'valid' })
    const reading = await one.ledger.read(labels)
    t.equal(reading.epoch, own.epoch)
    const purging = one.ledger.purge([a], 'hard')
    t.same(one.ledger.judgeNow(own, labels), { kind: 'purged' })
    t.match(one.ledger.status(), { waiting: 1 })
    const again = one.ledger.stampNow()
    clock.advance(1999)
    t.same(one.ledger.judgeNow(again, labels), { kind: 'valid' })
    clock.advance(1)
    t.same(one.ledger.judgeNow(again, labels), { kind: 'purged' }, 'nobody could have said that it was purged')
    clock.advance(5000)
    t.match(await purging, { kind: 'queued' })
    one.go()
    t.same(one.ledger.judgeNow(shared, labels), { kind: 'purged' }, 'it was purged here meanwhile')
    t.same(one.ledger.judgeNow(own, labels), { kind: 'purged' }, 'and nothing crosses back')
  },
)

t.test('a second purge happens everywhere, also when the writer has ended', async (t) => {
  const { clock, siblings } = await makeFamily()
  const [one, two, three] = siblings
  await one.ledger.purge([a], 'hard', { again: milliseconds(30_000) })
  one.end()
  clock.advance(29_999)
  const stamps = [two, three].map(({ ledger }) => ledger.stampNow())
  t.same(two.ledger.judgeNow(stamps[0] as never, labels), { kind: 'valid' })
  clock.advance(1)
  t.same(two.ledger.judgeNow(stamps[0] as never, labels), { kind: 'purged' })
  t.same(three.ledger.judgeNow(stamps[1] as never, labels), { kind: 'purged' })
})

t.test('intents: purged when they are due or their owner ends, not when they are forgotten or fulfilled', async (t) => {
  const { clock, siblings } = await makeFamily()
  const [one, two] = siblings
  const intend = (key: string) => one.ledger.intend([keyLabel(key)], milliseconds(60_000))
  await one.ledger.forget(await intend('forgotten'))
  await one.ledger.purge([a], 'hard', { intent: await intend('fulfilled') })
  await intend('due')
  const before = two.ledger.stampNow()
  const judged = (key: string) => two.ledger.judgeNow(before, [keyLabel(key)]).kind
  clock.advance(60_000)
  await intend('open')
  t.same(['forgotten', 'fulfilled', 'due', 'open'].map(judged), ['valid', 'valid', 'purged', 'valid'])
  one.end()
  t.equal(judged('open'), 'purged', 'nobody will say what became of it')
  t.match(await two.ledger.purge([a], 'hard'), { kind: 'done' }, 'and nobody waits for it')
})

t.test('a sibling that ends is not waited for', async (t) => {
  const { siblings } = await makeFamily()
  const [one, two] = siblings
  two.stop()
  const purging = one.ledger.purge([a], 'hard')
  t.equal(await receiptOf(purging), 'none')
  two.end()
  t.equal(await receiptOf(purging), 'done')
})

t.test('openSiblingLedger waits for the first answer', async (t) => {
  const clock = makeClock()
  let isOpen = false
  void openSiblingLedger({ clock, channel: { send: () => {}, listen: () => {} } }).then(() => {
    isOpen = true
  })
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
  t.notOk(isOpen)
})
