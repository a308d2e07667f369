/** Errors that a real Redis does not give on demand: for a while the way to Redis leads to a fake with a mood. */

import { type MoodName, moods, startFakeRedis } from './fake-redis.ts'
import type { Fault } from './fault.ts'
import type { Fleet } from './fleet.ts'

export const fakeFaults: readonly Fault[] = (Object.keys(moods) as MoodName[]).map((mood) => ({
  name: `fake: ${mood}`,
  lasts: 1500,
  inject: (fleet) => visitFake(fleet, mood),
  heal: ({ ways, redis }) => retarget(ways, redis.port),
}))

async function visitFake({ ways, atEnd }: Fleet, mood: MoodName): Promise<void> {
  const fake = await startFakeRedis(moods[mood])
  atEnd(() => fake.close())
  await retarget(ways, fake.port)
}

async function retarget(ways: Fleet['ways'], port: number): Promise<void> {
  for (const way of ways) way.retarget(port)
}
