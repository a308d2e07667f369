/**
 * What stands for a request's body in a key. The origin is sent the whole body, of which the rule's key names a part: whatever else it says must
 * not answer for others. JSON counts by what it means, so that the order of members tells nothing apart; anything else by its bytes.
 */
import { hash } from 'node:crypto'
import { fieldValue } from '../http/fields.ts'
import type { Request } from '../http/request.ts'
import { canonical, type Json } from '../rules/json.ts'

export function digestBody({ fields }: Request, body: Uint8Array, json: Json | undefined): string {
  const coding = fieldValue(fields, 'content-encoding')
  const isPlain = coding === undefined && json !== undefined
  const meant = isPlain ? Buffer.from(canonical(json)) : body
  const head = JSON.stringify([isPlain ? 'json' : 'bytes', fieldValue(fields, 'content-type'), coding])
  return hash('sha256', Buffer.concat([Buffer.from(head), meant]), 'base64url')
}
