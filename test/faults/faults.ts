/** Every fault of the campaign, by what is broken. A row is a name, how long it lasts, and how it begins and ends. */
import type { Fault } from './fault.ts'
import { fakeFaults } from './faults-fake.ts'
import { instanceFaults } from './faults-instance.ts'
import { networkFaults } from './faults-network.ts'
import { originFaults } from './faults-origin.ts'
import { redisFaults } from './faults-redis.ts'

const nothing: Fault = { name: 'nothing at all', lasts: 2500, inject: async () => {}, heal: async () => {} }

export const faults: readonly Fault[] = [
  nothing,
  ...redisFaults,
  ...networkFaults,
  ...fakeFaults,
  ...instanceFaults,
  ...originFaults,
]
