/** The head of the origin's answer, as those who pass it on look at it. */
import { withoutFields } from '../http/fields.ts'
import { endToEnd } from '../http/hop-by-hop.ts'
import type { ResponseHead } from '../http/response.ts'
import type { OriginResponse } from '../origin/origin.ts'

/** The head as it travels on: the connection's own fields stay behind, and framing is the writer's. */
export function headOf(response: OriginResponse): ResponseHead {
  return {
    status: response.status,
    reasonPhrase: response.reasonPhrase,
    fields: withoutFields(endToEnd(response.fields), contentLength),
  }
}

const contentLength: ReadonlySet<string> = new Set(['content-length'])

const serverErrors: ReadonlySet<number> = new Set([500, 502, 503, 504])
/** Whether the origin says that it fails (RFC 5861 §4). */
export function isServerError(status: number): boolean {
  return serverErrors.has(status)
}
