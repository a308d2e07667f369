/**
 * Who is likely to get the same answer: requests for one key, and where no rule matched those with credentials apart from those without. An
 * origin mostly answers the former for themselves alone, which says nothing about the others, who would wait for it in vain.
 */
import { credentialsOf } from './forward.ts'
import type { Sought } from './sought.ts'

/** `key`: the primary key, or a variant's, neither of which contains a space. */
export function crowdOf(key: string, { read, fields, inForce }: Pick<Sought, 'read' | 'fields' | 'inForce'>): string {
  const credentials = credentialsOf(read, fields, inForce.set)
  return credentials === 'authorization' || credentials === 'cookie' ? `${key} ${credentials}` : key
}
