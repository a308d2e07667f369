/** One fetch on behalf of the store, as data: what is wanted, and what came of it. */
import type { Times } from '../cache/age.ts'
import type { Entry } from '../cache/entry.ts'
import type { Label } from '../cache/label.ts'
import type { Validating } from '../cache/validate.ts'
import type { Stamp } from '../cache/validity.ts'
import type { Fields } from '../http/fields.ts'
import type { Request } from '../http/request.ts'
import type { ResponseHead } from '../http/response.ts'
import type { Reason } from '../observe/reasons.ts'
import type { OriginError, OriginResponse } from '../origin/origin.ts'
import type { Seconds } from '../time.ts'
import type { Capture } from './capture.ts'
import type { InForce } from './in-force.ts'
import type { Read } from './way.ts'

/** Who asks: all that the origin is told of a client, and all that a refresh keeps of the one that caused it. */
export interface Asker {
  readonly request: Request
  readonly clientAddress: string
  readonly isTrusted: boolean
}

/** What is to be fetched. */
export interface Errand {
  readonly read: Read
  readonly asker: Asker
  readonly inForce: InForce
  readonly stamp: Stamp
  /** The stored responses to validate: they lend their validators. */
  readonly validated: Validating | undefined
  /** A stored part that does not answer the request: it may be completed. */
  readonly partial?: Entry | undefined
  /** Labels of a stored part that goes into the answer. */
  readonly inherited?: readonly Label[]
  readonly isBackground: boolean
  /** False: the answer may be shared among those who wait, but is not stored (`min_uses`). */
  readonly isStored: boolean
  readonly onInterim?: (status: number, fields: Fields) => void
}

/** What came of it. */
export type Fill =
  /** Storable: streams into the capture, for everybody who waits and for the store. */
  | {
      readonly kind: 'shared'
      /** As the one who caused the fetch gets it. */
      readonly head: ResponseHead
      /** As it is stored, and as everybody else gets it. */
      readonly storedHead: ResponseHead
      readonly bodyLength: number | undefined
      readonly capture: Capture
      /** False: shared among those who wait, and no more (`min_uses`). */
      readonly isStored: boolean
      /** Whether a request with other fields may share it: its variant key must be this one. */
      readonly selector: readonly string[]
      readonly variantKey: string
      readonly times: Times
      /** What the origin answered with, where it was asked for the rest of a stored part. */
      readonly fwdStatus?: number
      /** How old it was when it came. */
      readonly initialAge: Seconds
      /** The entry once it is complete and stored; undefined when it could not be. Never rejects. */
      readonly entry: Promise<Entry | undefined>
    }
  /** The origin confirmed the stored response. */
  | {
      readonly kind: 'freshened'
      readonly entry: Entry
      /** As the origin sent it. */
      readonly body: Uint8Array
      /** False: for the one who asked alone, as an answer that may not be stored. */
      readonly isShared: boolean
      readonly isStored: boolean
      /** Whose it is: another request shares it only where this is its variant key too. */
      readonly variantKey: string
    }
  /** For the one who caused the fetch alone; everybody else asks for himself. */
  | {
      readonly kind: 'own'
      readonly response: OriginResponse
      readonly head: ResponseHead
      readonly reason: Reason
      readonly isServerError: boolean
    }
  | { readonly kind: 'failed'; readonly error: OriginError }
