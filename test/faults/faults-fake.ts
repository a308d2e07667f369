/** Errors that a real Redis does not give on demand: for a while the way to Redis leads to a fake with a mood. */

import { type MoodName, moods, startFakeRedis } from './fake-redis.ts'
import type { Fault } from './fault.ts'
import type { Fleet } from './fleet.ts'

/** Those that come one after the other in one row. */
const series: Readonly<Record<string, readonly MoodName[]>> = {
  'not allowed': ['denied', 'unauthenticated'],
  'replies of other shapes': ['wrong types', 'nils', 'empty lists', 'nested lists'],
}
const single = (Object.keys(moods) as MoodName[]).filter((mood) => !Object.values(series).flat().includes(mood))

export const fakeFaults: readonly Fault[] = [
  ...single.map((mood) => visiting(mood, [mood], 1200)),
  ...Object.entries(series).map(([name, some]) => visiting(name, some, 700)),
]

function visiting(name: string, some: readonly MoodName[], lasts: number): Fault {
  return {
    name: `fake: ${name}`,
    lasts: 0,
    inject: (fleet) => visitFake(fleet, some, lasts),
    heal: ({ ways, redis }) => retarget(ways, redis.port),
  }
}

async function visitFake({ ways, load, atEnd }: Fleet, some: readonly MoodName[], lasts: number): Promise<void> {
  const fake = await startFakeRedis(moods[some[0] as MoodName])
  atEnd(() => fake.close())
  await retarget(ways, fake.port)
  for (const mood of some) {
    fake.set(moods[mood])
    await load.lasts(lasts)
  }
}

async function retarget(ways: Fleet['ways'], port: number): Promise<void> {
  for (const way of ways) way.retarget(port)
}
