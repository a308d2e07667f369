/**
 * Which directives govern a response here. A targeted field stands in place of Cache-Control (RFC 9213 §2.2), so the choice is made once and
 * everybody who asks for a directive gets it from the same field.
 */
import { type Directives, parseCacheControl, restrictedFields } from '../http/cache-control.ts'
import { type Fields, fieldValue } from '../http/fields.ts'
import { parseTargeted } from '../http/targeted.ts'
import type { Policy } from './policy.ts'

export interface Governing {
  readonly directives: Directives
  /** Whether they come from a targeted field: then neither Cache-Control nor Expires says anything to us. */
  readonly isTargeted: boolean
}

/** The fields that are meant for us, the closest first. */
const targets: readonly string[] = ['springhouse-cache-control', 'cdn-cache-control']

export function governing(fields: Fields): Governing {
  for (const target of targets) {
    const directives = parseTargeted(fieldValue(fields, target))
    if (directives !== undefined) return { directives, isTargeted: true }
  }
  return { directives: parseCacheControl(fieldValue(fields, 'cache-control')), isTargeted: false }
}

/** Fields without which an entry would be read otherwise than the response was. */
const essential: ReadonlySet<string> = new Set([
  ...targets,
  'access-control-allow-origin',
  'cache-control',
  'date',
  'etag',
  'expires',
  'last-modified',
  'location',
  'vary',
])

/**
 * What `no-cache` or `private` keeps out of the store, unless overruled: `all`, or the named fields (lower case). A list that names what an
 * entry cannot do without means all.
 */
export function restriction(directives: Directives, name: 'no-cache' | 'private', policy: Policy): 'all' | readonly string[] {
  const fields = policy.override.has(name) ? undefined : restrictedFields(directives, name)
  if (fields === undefined || fields === 'all') return fields ?? []
  return fields.some((field) => essential.has(field) || field.startsWith('content-')) ? 'all' : fields
}
