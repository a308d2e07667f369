/**
 * Cache groups (RFC 9875): answers of one origin that belong together say so, and a write says which of them it makes old. A field that is no
 * List, or has a member that is no String, says nothing.
 */
import { type Fields, fieldValue } from '../http/fields.ts'
import type { Request } from '../http/request.ts'
import type { ResponseHead } from '../http/response.ts'
import { parseList } from '../http/structured-field.ts'
import { isSafe } from './invalidate.ts'

/** The groups that an answer belongs to, each once. */
export function cacheGroups(fields: Fields): readonly string[] {
  return strings(fieldValue(fields, 'cache-groups'))
}

/** The groups that a write makes old (§3); none for a safe method or an error. */
export function invalidatedGroups(request: Request, { status, fields }: ResponseHead): readonly string[] {
  if (isSafe(request.method) || status < 200 || status > 399) return []
  return strings(fieldValue(fields, 'cache-group-invalidation'))
}

function strings(value: string | undefined): readonly string[] {
  const members = value === undefined ? [] : (parseList(value) ?? [])
  const texts = members.map((member) => ('item' in member && member.item.kind === 'string' ? member.item.value : undefined))
  return texts.every((text) => text !== undefined) ? [...new Set(texts)] : []
}
