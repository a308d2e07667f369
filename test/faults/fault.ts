/** What a fault is: how a fleet is arranged for it, what is done to it, how that ends, and what of it is nobody's failure. */
import type { Fleet, FleetOptions } from './fleet.ts'
import type { ReadRecord, WriteRecord } from './history.ts'

export interface Fault {
  readonly name: string
  /** How the fleet differs from three instances over a Redis with its defaults. */
  readonly fleet?: Partial<Omit<FleetOptions, 'seed'>>
  /** Once the fleet is warm and under load. */
  readonly arrange?: (fleet: Fleet) => Promise<unknown>
  readonly inject: (fleet: Fleet) => Promise<unknown>
  /** How long it lasts under load, in milliseconds, between `inject` and `heal`. */
  readonly lasts: number
  readonly heal: (fleet: Fleet) => Promise<unknown>
  /** Client errors that the fault owes, as of writes while the origin breaks their connections. */
  readonly mayFail?: (record: ReadRecord | WriteRecord) => boolean
}
