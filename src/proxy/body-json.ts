/** The JSON of a body, as templates see it. */

import type { Fields } from '../http/fields.ts'
import { fieldValue } from '../http/fields.ts'
import { isJson, mediaTypeOf } from '../http/media-type.ts'
import { type Json, parseJson } from '../rules/json.ts'
import { decodeContent } from './content-coding.ts'

/** Undefined when it is no JSON by its Content-Type, too long, or in a coding that is not ours to read: unread, and treated as such. */
export async function bodyJson(head: { readonly fields: Fields }, body: Uint8Array, limit: number): Promise<Json | undefined> {
  if (!isJson(mediaTypeOf(head.fields))) return undefined
  const decoded = await decodeContent(body, fieldValue(head.fields, 'content-encoding'), limit)
  return decoded === undefined ? undefined : parseJson(decoded)
}
