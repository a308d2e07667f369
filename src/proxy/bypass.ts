/**
 * A read that the store has no part in after all: it passes. What its rules purge is purged behind it all the same, as behind a write.
 */

import type { Reason } from '../observe/reasons.ts'
import type { PassOptions } from './pass.ts'
import { pass } from './pass.ts'
import type { Visit } from './visit.ts'
import type { Read } from './way.ts'
import { write } from './write.ts'

export async function bypass(
  visit: Visit,
  way: Read,
  { reason, ...options }: PassOptions & { readonly reason: Reason },
): Promise<void> {
  const { purges, name } = way
  if (purges.length === 0) return pass(visit, { kind: 'pass', reason, rule: name }, options)
  const identified = await visit.inForce.identities?.identify(visit.request.fields, visit.now)
  return write(visit, { kind: 'write', purges, isAmbiguous: false, identified, rule: name })
}
