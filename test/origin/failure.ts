/** The error of a promise that must fail, so that a test can look at its fields. */
import type { OriginError } from '../../src/origin/origin.ts'

export async function failureOf(promise: Promise<unknown>): Promise<OriginError> {
  const value = await promise.catch((error: unknown) => ({ error }))
  if (value instanceof Object && 'error' in value) return value.error as OriginError
  throw new Error('It should have failed, and did not')
}
