/**
 * How single values of the file are declared: each with a description for editors, what to write where the type is wrong, and the parser
 * that reads it. Where zod's own texts would show ("expected string, received number") these say what to write.
 */
import { z } from 'zod'
import { quoted } from './problem.ts'
import { nearest } from './spelling.ts'

/** A leaf's text, read: the value, or what is wrong with it and where inside the text. */
export type Leaf<Value> =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'problem'; readonly problem: LeafProblem }

export interface LeafProblem {
  readonly what: string
  readonly fix: string
  readonly offset?: number
}

/** What an editor is told. */
export interface Hints {
  readonly pattern?: string
  readonly examples: readonly string[]
  readonly minLength?: number
  readonly format?: string
}

type Section<Shape extends z.ZodRawShape> = z.ZodObject<Shape, z.core.$strict>

/** A text with a grammar of its own. */
export function textLeaf<Value>(hints: Hints, read: (text: string) => Leaf<Value>): z.ZodType<Value, string> {
  return z
    .string({ error: (issue) => textFix(issue.input, hints.examples[0] ?? '') })
    .meta({ ...hints, examples: [...hints.examples] })
    .transform((text, context) => {
      const leaf = read(text)
      if (leaf.kind === 'value') return leaf.value
      const { what, fix, offset } = leaf.problem
      context.addIssue({ code: 'custom', message: what, params: { fix, offset } })
      return z.NEVER
    })
}

/** A text that must look like this. */
export function patternLeaf(pattern: RegExp, example: string, what: (text: string) => string): z.ZodType<string, string> {
  return textLeaf({ pattern: pattern.source, examples: [example] }, (text) =>
    pattern.test(text) ? { kind: 'value', value: text } : refused(what(text), `Write it as in ${quoted(example)}`),
  )
}

export function refused(what: string, fix: string, offset = 0): { readonly kind: 'problem'; readonly problem: LeafProblem } {
  return { kind: 'problem', problem: { what, fix, offset } }
}

export function choiceLeaf<const Word extends string>(words: readonly Word[]): z.ZodType<Word, Word> {
  return z.enum(words as unknown as [Word, ...Word[]], {
    error: (issue) => {
      const meant = typeof issue.input === 'string' ? nearest(issue.input, words) : undefined
      return meant === undefined ? `Write ${listed(words)}` : `Did you mean ${quoted(meant)}?`
    },
  })
}

export function flagLeaf(): z.ZodType<boolean, boolean> {
  return z.boolean({ error: 'Write true or false' })
}

export function list<Value, Input>(leaf: z.ZodType<Value, Input>, example: string): z.ZodType<Value[], Input[]> {
  return z.array(leaf, {
    error: ({ input }) =>
      `Write a list: [${typeof input === 'string' ? quoted(input) : typeof input === 'number' ? `"${input}"` : example}]`,
  })
}

/** A map with free keys. */
export function mapOf<Value, Input>(
  key: z.ZodType<string, string>,
  value: z.ZodType<Value, Input>,
  example: string,
): z.ZodType<Record<string, Value>, Record<string, Input>> {
  return z.record(key, value, { error: `Write a map, as in { ${example} }` })
}

/** A map with these keys and no others. For an unknown key zod's message is the list of known ones, to find the nearest in. */
export function section<Shape extends z.ZodRawShape>(shape: Shape, example: string): Section<Shape> {
  const known = Object.keys(shape).join(' ')
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? known : `Write a map, as in ${example}`),
  })
}

/** `"a", "b" or "c"`. */
export function listed(words: readonly string[]): string {
  const all = words.map(quoted)
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}

function textFix(input: unknown, example: string): string {
  if (typeof input === 'number' || typeof input === 'boolean') return `Write it in quotes, as text: "${input}"`
  return `Write a text, as in ${quoted(example)}`
}
