/** What is looked for in the store: a read, and what selects among its variants. */
import type { Fields } from '../http/fields.ts'
import type { Instant } from '../time.ts'
import type { InForce } from './in-force.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'

export interface Sought {
  readonly read: Read
  readonly fields: Fields
  readonly inForce: InForce
  readonly now: Instant
}

export function soughtOf(visit: Visit, way: Read): Sought {
  return { read: way, fields: visit.request.fields, inForce: visit.inForce, now: visit.now }
}
