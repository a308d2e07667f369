/** What clients of a campaign ask for: every kind of read, and every way to write, chosen by a seeded die so that a run can be had again. */
import { signDemoToken } from '../../src/example/token.ts'
import { itemsPerGroup } from './self-describing-origin.ts'

export interface Ask {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly resource: string
  /** Whose answer it must be; empty: everybody's. */
  readonly owner: string
}

const groups = 4
const users = ['ana', 'beto', 'carla', 'dario']
const counts = { item: groups * itemsPerGroup, quick: 6, strict: 4, page: 4 } as const
type Numbered = keyof typeof counts

const tokens: ReadonlyMap<string, string> = new Map(users.map((sub) => [sub, `Bearer ${signDemoToken({ sub })}`]))

/** Every read there is, once. */
export function allReads(): Ask[] {
  const numbered = (Object.keys(counts) as Numbered[]).flatMap((kind) =>
    Array.from({ length: counts[kind] }, (_, id) => readOf(kind, id)),
  )
  return [...numbered, ...Array.from({ length: groups }, (_, group) => listOf(group)), ...users.map(cartOf)]
}

export function randomRead(random: () => number): Ask {
  const die = random()
  if (die < 0.4) return readOf('item', below(counts.item, random))
  if (die < 0.55) return listOf(below(groups, random))
  if (die < 0.7) return readOf('quick', below(counts.quick, random))
  if (die < 0.8) return readOf('strict', below(counts.strict, random))
  if (die < 0.9) return readOf('page', below(counts.page, random))
  return cartOf(users[below(users.length, random)] as string)
}

export function randomWrite(random: () => number, id: string): Ask {
  const die = random()
  if (die < 0.5) return itemWrite(below(counts.item, random), id, random)
  if (die < 0.65) return put('quick', below(counts.quick, random), id)
  if (die < 0.75) return put('strict', below(counts.strict, random), id)
  if (die < 0.85) return put('page', below(counts.page, random), id)
  const owner = users[below(users.length, random)] as string
  return { ...cartOf(owner), method: 'POST', body: JSON.stringify({ write: id, resource: `cart:${owner}` }) }
}

/** One of the four ways to name what a write to an item makes old. */
function itemWrite(item: number, write: string, random: () => number): Ask {
  const way = ['key', 'tag', 'pattern', 'address'][below(4, random)] as string
  if (way === 'address') return put('item', item, write)
  const resource = `item:${item}`
  const body = JSON.stringify({ write, resource, id: item })
  return { method: 'POST', target: `/changes/${way}`, headers: json, body, resource, owner: '' }
}

const json: Readonly<Record<string, string>> = { 'Content-Type': 'application/json' }

function put(kind: Numbered, number: number, write: string): Ask {
  const resource = `${kind}:${number}`
  return { ...readOf(kind, number), method: 'PUT', headers: json, body: JSON.stringify({ write, resource }) }
}

function readOf(kind: Numbered, number: number): Ask {
  return { method: 'GET', target: `/${kind}s/${number}`, headers: {}, resource: `${kind}:${number}`, owner: '' }
}

function listOf(group: number): Ask {
  return { method: 'GET', target: `/items?group=${group}`, headers: {}, resource: `list:${group}`, owner: '' }
}

function cartOf(owner: string): Ask {
  const headers = { ...json, Authorization: tokens.get(owner) as string }
  return { method: 'GET', target: '/cart', headers, resource: `cart:${owner}`, owner }
}

function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit)
}

/** Mulberry32: small, seeded, good enough to choose with. */
export function dice(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
