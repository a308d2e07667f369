/** The Via field (RFC 9110 §7.6.3), which every message that passes through gets, requests and responses alike. */
import { type Fields, fieldValue, withField } from './fields.ts'

/** The fields with us as the last recipient. `version` is the protocol the message came by: "1.1", "1.0", "2". */
export function withVia(fields: Fields, version = '1.1'): string[] {
  const existing = fieldValue(fields, 'via')
  const member = `${version} springhouse`
  return withField(fields, 'Via', existing ? `${existing}, ${member}` : member)
}
