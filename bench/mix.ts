/**
 * The mix of requests that a week of festival looks like: popularity by Zipf, mostly reads, some of which no write ever touches. The
 * seed decides every request, so that two runs ask the same in the same order.
 */

export type ReadKind = 'free' | 'detail' | 'list' | 'slots'
export type WriteKind = 'booking' | 'cart' | 'rsvp'

export interface MixedRequest {
  readonly kind: ReadKind | WriteKind
  readonly isWrite: boolean
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body: string | undefined
  /** Which of the users asks, from 0. */
  readonly user: number
}

export const userCount = 50
const experiences = zipf(200)
const listPages = zipf(24)
const products = zipf(80)
const productPages = zipf(8)
const eventsWithGuests = 20
const eventsWithout = zipf(20)
const categories = ['all', 'tours', 'food', 'crafts', 'dance', 'nature']

/** Shares of all reads, and of all writes. */
const reads: ReadonlyArray<readonly [ReadKind, number]> = [
  ['free', 0.5],
  ['detail', 0.4],
  ['list', 0.05],
  ['slots', 0.05],
]
const writes: ReadonlyArray<readonly [WriteKind, number]> = [
  ['booking', 0.2],
  ['cart', 0.4],
  ['rsvp', 0.4],
]
const writeShare = 0.05

/** A function that makes the next request each time it is called. */
export function createMix(seed: number): () => MixedRequest {
  const random = mulberry32(seed)
  return () => {
    const user = Math.floor(random() * userCount)
    return random() < writeShare ? write(draw(writes, random()), user, random) : read(draw(reads, random()), user, random)
  }
}

function read(kind: ReadKind, user: number, random: () => number): MixedRequest {
  return { kind, isWrite: false, method: 'GET', path: readPath(kind, random), body: undefined, user }
}

function readPath(kind: ReadKind, random: () => number): string {
  switch (kind) {
    case 'free':
      return freePath(random)
    case 'detail':
      return `/api/experiences/${pick(experiences, random())}`
    case 'list': {
      const rank = pick(listPages, random()) - 1
      return `/api/experiences?category=${categories[rank % categories.length]}&page=${1 + Math.floor(rank / categories.length)}`
    }
    case 'slots':
      return `/api/experiences/${pick(experiences, random())}/slots?start=2027-07-19&end=2027-07-26`
  }
}

/** What no write of the mix touches. An RSVP purges the list of events and its own event, so what is read is other events' details. */
function freePath(random: () => number): string {
  const chance = random()
  if (chance < 0.2) return '/api/gamification/badges/all'
  if (chance < 0.4) return '/api/config'
  if (chance < 0.6) return `/api/products?page=${pick(productPages, random())}`
  if (chance < 0.8) return `/api/products/${pick(products, random())}`
  return `/api/events/${eventsWithGuests + pick(eventsWithout, random())}`
}

function write(kind: WriteKind, user: number, random: () => number): MixedRequest {
  const common = { kind, isWrite: true, method: 'POST', user } as const
  switch (kind) {
    case 'booking':
      return { ...common, path: '/api/bookings', body: JSON.stringify({ experienceId: pick(experiences, random()), places: 1 }) }
    case 'cart':
      return { ...common, path: '/api/cart/items', body: JSON.stringify({ productId: pick(products, random()), quantity: 1 }) }
    case 'rsvp': {
      const event = 1 + Math.floor(random() * eventsWithGuests)
      return { ...common, path: `/api/events/${event}/rsvp`, body: JSON.stringify({ going: random() < 0.5 }) }
    }
  }
}

function draw<T>(shares: ReadonlyArray<readonly [T, number]>, chance: number): T {
  let sum = 0
  for (const [value, share] of shares) {
    sum += share
    if (chance < sum) return value
  }
  return (shares.at(-1) as readonly [T, number])[0]
}

/** Cumulated chances of the ranks 1 to `count`, each as likely as 1/rank (s = 1.0). */
function zipf(count: number): readonly number[] {
  let sum = 0
  const sums = Array.from({ length: count }, (_, i) => (sum += 1 / (i + 1)))
  return sums.map((value) => value / sum)
}

/** The rank, from 1, that a chance between 0 and 1 falls on. */
function pick(cumulated: readonly number[], chance: number): number {
  let low = 0
  let high = cumulated.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((cumulated[middle] as number) < chance) low = middle + 1
    else high = middle
  }
  return low + 1
}

/** Tommy Ettinger's generator: small, fast, and the same everywhere, which Math.random is not. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
