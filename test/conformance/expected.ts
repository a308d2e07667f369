/**
 * The list of cases that are expected not to pass, each with its reason: read, and compared with what happened. A case that fails and is not
 * listed is as wrong as one that is listed and passes.
 */
import { parse } from 'yaml'
import { z } from 'zod'
import type { Case, Results } from './suite.ts'

const section = z.record(z.string(), z.unknown())

const difference = z.strictObject({
  cases: z.array(z.string()).min(1),
  /** The section of an RFC that forbids what the cases want, or the promise that it would break. */
  because: z.string().min(1),
  /** With what the cases pass: keys of `rfc` in rules.yaml, keys of `origin` in the settings. */
  passes_with: z
    .strictObject({ rfc: section.optional(), origin: section.optional() })
    .refine((named) => Object.keys(named).length > 0, 'names nothing')
    .optional(),
})

/** What is set apart from the defaults, by section. */
export interface Named {
  readonly rfc?: Readonly<Record<string, unknown>> | undefined
  readonly origin?: Readonly<Record<string, unknown>> | undefined
}

export interface Difference {
  readonly cases: readonly string[]
  readonly because: string
  readonly passes_with?: Named | undefined
}

/** Throws on a list that is malformed or names a case twice. */
export function parseDifferences(text: string): readonly Difference[] {
  const { differences } = z.strictObject({ differences: z.array(difference) }).parse(parse(text))
  const ids = differences.flatMap(({ cases }) => cases)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice !== undefined) throw new Error(`"${twice}" is listed twice`)
  return differences
}

/** What is to be said about the results; nothing when they are as listed. A `check` has no right answer, so it cannot differ. */
export function compare(cases: readonly Case[], results: Results, differences: readonly Difference[]): readonly string[] {
  const listed = new Set(differences.flatMap(({ cases }) => cases))
  const known = new Set(cases.filter(({ kind }) => kind !== 'check').map(({ id }) => id))
  const unknown = [...listed].filter((id) => !known.has(id)).map((id) => `${id}: listed, but the suite requires no such case`)
  const changed = cases.flatMap(({ id, kind, name }) => {
    const result = results[id]
    if (kind === 'check' || (result === true) !== listed.has(id)) return []
    if (result === true) return [`${id}: listed, but it passes: take it out of the list`]
    return [`${id}: ${name}: ${result?.join(': ') ?? 'not run'}`]
  })
  return [...unknown, ...changed]
}
