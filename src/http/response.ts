/** A response's head as the pure core sees it. */
import type { Fields } from './fields.ts'

export interface ResponseHead {
  readonly status: number
  /** As received; HTTP/2 and later have none, then it is empty. */
  readonly reasonPhrase: string
  readonly fields: Fields
}
