/**
 * What stands for a request's body in a key. The origin is sent the whole body, of which the rule's key names a part: whatever else it says must
 * not answer for others. JSON counts by what it means, so that the order of members tells nothing apart; anything else by its bytes.
 */
import { hash } from 'node:crypto'
import { fieldValue } from '../http/fields.ts'
import type { Request } from '../http/request.ts'
import { canonical, isList, isMembers, type Json } from '../rules/json.ts'

export function digestBody({ fields }: Request, body: Uint8Array, json: Json | undefined): string {
  const coding = fieldValue(fields, 'content-encoding')
  const isPlain = coding === undefined && json !== undefined && isUnambiguous(Buffer.from(body).toString(), json)
  const meant = isPlain ? Buffer.from(canonical(json)) : body
  const head = JSON.stringify([isPlain ? 'json' : 'bytes', fieldValue(fields, 'content-type'), coding])
  return hash('sha256', Buffer.concat([Buffer.from(head), meant]), 'base64url')
}

/** Of two members with one name we see the last, and an origin may take the first: then only the bytes are the same for both. */
function isUnambiguous(text: string, json: Json): boolean {
  let colons = 0
  let isInString = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (isInString && character === '\\') i++
    else if (character === '"') isInString = !isInString
    else if (character === ':' && !isInString) colons++
  }
  return colons === countMembers(json)
}

function countMembers(json: Json): number {
  if (isList(json)) return json.reduce((sum: number, element) => sum + countMembers(element), 0)
  if (!isMembers(json)) return 0
  let count = json.size
  for (const member of json.values()) count += countMembers(member)
  return count
}
