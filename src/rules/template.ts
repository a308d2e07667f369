/**
 * Templates such as "experience:{params.id}:detail": literal text and values with defaults. Parsed once when the rules are read, rendered
 * on every request. A value from outside is escaped when it is rendered, so that it never contains a separator or a glob.
 */
import { normaliseLabelText } from './label-text.ts'
import { knownRoots, parseReference } from './reference.ts'

/** A parsed template. `source` is what the operator wrote. */
export interface Template {
  readonly source: string
  readonly parts: readonly Part[]
}

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: ValueReference; readonly fallback: string | undefined }

/** Which value: "params.id" is root `params`, path ["id"]; "response.json.items[*].id" is root `response.json`, path ["items", "*", "id"]. */
export interface ValueReference {
  readonly root: ValueRoot
  readonly path: readonly string[]
  /** Whether the path has a `[*]`: then it stands for several values. */
  readonly isList: boolean
}

export type ValueRoot =
  | 'params'
  | 'query'
  | 'header'
  | 'cookie'
  | 'jwt'
  | 'user'
  | 'host'
  | 'path'
  | 'method'
  | 'request.json'
  | 'response.json'
  | 'response.header'
  | 'status'

/** What is wrong with a template. `offset` counts characters from the template's start. `fix` says what to write instead. */
export interface TemplateProblem {
  readonly offset: number
  readonly message: string
  readonly fix: string
}

export interface TemplateOptions {
  /** Whether literal text may contain `*`: in `patterns` alone. */
  readonly allowGlob?: boolean
}

export type ParsedTemplate =
  | { readonly kind: 'template'; readonly template: Template }
  | { readonly kind: 'problem'; readonly problem: TemplateProblem }

/** Parses `text{value|default}text`. Literal text is normalised as labels are, so that it equals what an escaped value says. */
export function parseTemplate(source: string, options: TemplateOptions = {}): ParsedTemplate {
  if (source === '') return problem(0, 'The template is empty', 'Write a text, a value or both, as in "experience:{params.id}"')
  const parts: Part[] = []
  let lists = 0
  for (let at = 0; at < source.length; ) {
    const open = source.indexOf('{', at)
    const text = source.slice(at, open < 0 ? source.length : open)
    const wrong = textProblem(text, at, options)
    if (wrong !== undefined) return { kind: 'problem', problem: wrong }
    if (text !== '') parts.push({ kind: 'text', text: normaliseLabelText(text, '*') })
    if (open < 0) break
    const close = source.indexOf('}', open)
    if (close < 0) return problem(open, '"{" is never closed', 'Write "}" after the value')
    const value = parseValue(source.slice(open + 1, close))
    if ('message' in value) return { kind: 'problem', problem: { ...value, offset: open + 1 + value.offset } }
    if (value.value.isList && ++lists > 1) {
      return problem(open, 'A template has at most one "[*]"', 'Write one template for each list, without the other')
    }
    parts.push(value)
    at = close + 1
  }
  return { kind: 'template', template: { source, parts } }
}

type ValuePart = Extract<Part, { kind: 'value' }>

function textProblem(text: string, offset: number, options: TemplateOptions): TemplateProblem | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const found = (options.allowGlob === true ? /[\s|}\u0000-\u001f\u007f]/ : /[\s|}*\u0000-\u001f\u007f]/).exec(text)
  if (found === null) return undefined
  const at = offset + found.index
  if (found[0] === '}')
    return { offset: at, message: '"}" closes nothing', fix: 'Write "{" before the value, or leave out the "}"' }
  if (found[0] === '*')
    return { offset: at, message: '"*" stands only in patterns', fix: 'Move this to "patterns", or leave out the "*"' }
  if (found[0] === '|')
    return { offset: at, message: '"|" stands only inside braces', fix: 'Write the default as in "{query.page|1}"' }
  return { offset: at, message: 'A template contains no white space and no control characters', fix: 'Write "-" or ":" instead' }
}

/** Parses what stands between the braces; the offset of a problem counts from behind the "{". */
function parseValue(inside: string): ValuePart | TemplateProblem {
  const bar = inside.indexOf('|')
  const name = bar < 0 ? inside : inside.slice(0, bar)
  const fallback = bar < 0 ? undefined : inside.slice(bar + 1)
  if (inside.includes('{'))
    return { offset: inside.indexOf('{'), message: 'Braces stand inside braces', fix: 'Close the first value with "}"' }
  if (name === '') return { offset: 0, message: 'The value is empty', fix: `Name a value: ${knownRoots}` }
  const odd = name.search(/\s/)
  if (odd >= 0) return { offset: odd, message: 'A value contains no white space', fix: `Write "{${name.replace(/\s+/g, '')}}"` }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (fallback !== undefined && /[|\u0000-\u001f\u007f]/.test(fallback)) {
    return {
      offset: bar + 1,
      message: 'A default contains no "|" and no control characters',
      fix: 'Write one plain text behind the "|"',
    }
  }
  const value = parseReference(name)
  return 'message' in value ? value : { kind: 'value', value, fallback }
}

function problem(offset: number, message: string, fix: string): ParsedTemplate {
  return { kind: 'problem', problem: { offset, message, fix } }
}
