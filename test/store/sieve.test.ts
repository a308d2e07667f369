import fc from 'fast-check'
import t from 'tap'
import { type Seat, Sieve } from '../../src/store/sieve.ts'

interface Named extends Seat {
  readonly name: string
}

const neverOver = (): boolean => false

function seat(name: string, isUsed = false): Named {
  return { name, isUsed, older: undefined, newer: undefined }
}

/** A sieve with these seats, oldest first, and the seats by name. */
function sieveOf(names: string): { readonly sieve: Sieve<Named>; readonly seats: Record<string, Named> } {
  const sieve = new Sieve<Named>()
  const seats = Object.fromEntries([...names].map((name) => [name, seat(name)]))
  for (const one of Object.values(seats)) sieve.add(one)
  return { sieve, seats }
}

function evict(sieve: Sieve<Named>, isOver: (seat: Named) => boolean = neverOver): string | undefined {
  const chosen = sieve.choose(isOver)
  if (chosen !== undefined) sieve.remove(chosen)
  return chosen?.name
}

function use(seats: Record<string, Named>, names: string): void {
  for (const name of names) (seats[name] as Named).isUsed = true
}

function evictAll(sieve: Sieve<Named>): string {
  let names = ''
  for (let name = evict(sieve); name !== undefined; name = evict(sieve)) names += name
  return names
}

function newestFirst(sieve: Sieve<Named>): string {
  let names = ''
  for (let one = sieve.newest; one !== undefined; one = one.older) names += one.name
  return names
}

t.test('nobody used: they go in the order in which they came', async (t) => {
  const { sieve } = sieveOf('abcd')
  t.equal(sieve.newest?.name, 'd')
  t.equal(evictAll(sieve), 'abcd')
  t.equal(sieve.newest, undefined)
  t.equal(evict(sieve), undefined, 'nobody is left')
})

t.test('whoever was used is spared once', async (t) => {
  const { sieve, seats } = sieveOf('abcd')
  use(seats, 'ac')
  t.equal(evict(sieve), 'b')
  t.match([seats['a'], seats['c']], [{ isUsed: false }, { isUsed: true }], 'only those that the hand passed')
  t.equal(evictAll(sieve), 'dac')
})

t.test('the hand goes on where it stood, and wraps at the newest', async (t) => {
  const { sieve, seats } = sieveOf('abcd')
  use(seats, 'a')
  t.equal(evict(sieve), 'b')
  sieve.add(seat('e'))
  t.equal(evict(sieve), 'c', 'not a again, which is older')
  use(seats, 'd')
  t.equal(evict(sieve), 'e')
  t.equal(evict(sieve), 'a', 'after the newest comes the oldest')
  t.equal(evict(sieve), 'd')
})

t.test('all used: one whole turn, then the one it began with', async (t) => {
  const { sieve, seats } = sieveOf('abc')
  use(seats, 'abc')
  t.equal(evict(sieve), 'a')
  t.match(seats, { b: { isUsed: false }, c: { isUsed: false } })
  const alone = sieveOf('a')
  use(alone.seats, 'a')
  t.equal(evict(alone.sieve), 'a', 'also where there is one')
})

t.test('who is over goes, used or not', async (t) => {
  const { sieve, seats } = sieveOf('abc')
  use(seats, 'abc')
  t.equal(
    evict(sieve, ({ name }) => name === 'b'),
    'b',
  )
})

t.test('remove: whoever it is, the chain and the hand stay whole', async (t) => {
  for (const gone of 'abcd') {
    const { sieve, seats } = sieveOf('abcd')
    use(seats, 'ab')
    t.equal(sieve.choose(neverOver), seats['c'], 'the hand stands at c')
    const left = [...'abcd'].filter((name) => name !== gone)
    sieve.remove(seats[gone] as Named)
    t.match(seats[gone], { older: undefined, newer: undefined }, 'nothing is held by what went')
    t.equal(newestFirst(sieve), [...left].reverse().join(''))
    t.equal(evictAll(sieve), gone === 'c' ? 'dab' : [...'cdab'].filter((name) => name !== gone).join(''))
  }
})

t.test('what is used survives a scan of what is asked for once', async (t) => {
  const { sieve, seats } = sieveOf('abcdefgh')
  const evicted: string[] = []
  for (let i = 0; i < 1000; i += 1) {
    // Once in a while, not between any two: FIFO and LRU would both lose them.
    if (i % 8 === 0) use(seats, 'abcd')
    sieve.add(seat(`scan${i}`))
    evicted.push(evict(sieve) as string)
  }
  t.same(
    evicted.filter((name) => name.length === 1),
    ['e', 'f', 'g', 'h'],
  )
})

t.test('a choice costs what uses paid for: no more looks than evictions and uses', async (t) => {
  let looks = 0
  const sieve = new Sieve<Named>()
  const counted: Named[] = []
  let uses = 0
  const evictions = 5000
  for (let i = 0; i < 1000 + evictions; i += 1) {
    let isUsed = false
    const one: Named = {
      ...seat(`${i}`),
      get isUsed() {
        looks += 1
        return isUsed
      },
      set isUsed(value) {
        isUsed = value
      },
    }
    sieve.add(one)
    counted.push(one)
    if (i < 1000) continue
    const picked = counted[(i * 7919) % counted.length] as Named
    picked.isUsed = true
    uses += 1
    evict(sieve)
  }
  t.ok(looks <= evictions + uses, `${looks} looks for ${evictions} evictions and ${uses} uses`)
})

t.test('like the paper says, whatever happens in whatever order', async () => {
  const step = fc.record({ kind: fc.constantFrom('add', 'use', 'remove', 'evict'), which: fc.nat(1000) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const sieve = new Sieve<Named>()
      const model = new PlainSieve()
      const seats = new Map<string, Named>()
      for (const [i, { kind, which }] of steps.entries()) {
        const name = model.order[which % Math.max(1, model.order.length)]
        if (kind === 'add' || name === undefined) {
          const one = seat(`${i}`)
          seats.set(one.name, one)
          sieve.add(one)
          model.order.push(one.name)
        } else if (kind === 'use') {
          ;(seats.get(name) as Named).isUsed = true
          model.used.add(name)
        } else if (kind === 'remove') {
          sieve.remove(seats.get(name) as Named)
          model.remove(name)
        } else if (evict(sieve) !== model.evict()) throw new Error(`Another choice at step ${i}`)
        if (sieve.newest?.name !== model.order.at(-1)) throw new Error(`Another newest at step ${i}`)
      }
    }),
    { numRuns: 500 },
  )
})

/** The same over an array, slow and plain. */
class PlainSieve {
  /** Oldest first. */
  order: string[] = []
  readonly used = new Set<string>()
  /** Where the hand stands; undefined: before the oldest. */
  hand: string | undefined

  remove(name: string): void {
    const at = this.order.indexOf(name)
    if (this.hand === name) this.hand = this.order[at + 1]
    this.order.splice(at, 1)
    this.used.delete(name)
  }

  evict(): string | undefined {
    if (this.order.length === 0) return undefined
    let at = this.hand === undefined ? 0 : this.order.indexOf(this.hand)
    while (this.used.delete(this.order[at] as string)) at = (at + 1) % this.order.length
    const chosen = this.order[at] as string
    this.hand = chosen
    this.remove(chosen)
    return chosen
  }
}
