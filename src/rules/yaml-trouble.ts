/**
 * What the YAML parser's errors mean in a rules file, and what to write instead. Most of them come from a template without quotes, which
 * the parser cannot know.
 */
import type { YAMLParseError, YAMLWarning } from 'yaml'
import { quoted } from './problem.ts'

interface Advice {
  readonly what: string
  readonly fix: string
}

/** An error of the parser in the operator's words, and where in the text it begins. */
export interface YamlTrouble extends Advice {
  readonly offset: number
}

const advice: Readonly<Record<string, Advice>> = {
  BAD_ALIAS: { what: 'YAML reads "*" as an alias', fix: 'Put quotes around the text that starts with it: "*"' },
  BLOCK_AS_IMPLICIT_KEY: {
    what: 'A second ": " stands on this line',
    fix: 'Put quotes around the text that contains it, or start a new line',
  },
  MISSING_CHAR: {
    what: 'Something opened here is not closed',
    fix: 'Close the quotes, brackets or braces, or put quotes around the text',
  },
  MULTIPLE_DOCS: { what: 'A second YAML document starts here', fix: 'Leave out the "---"' },
  TAB_AS_INDENT: { what: 'A tab indents this line', fix: 'Indent with spaces' },
  TAG_RESOLVE_FAILED: { what: 'A YAML tag stands here', fix: 'Put quotes around the text that starts with "!"' },
  RESOURCE_EXHAUSTION: {
    what: 'This is nested too deeply to be read',
    fix: 'Write it as in the documentation: five levels are enough',
  },
  BAD_INDENT: {
    what: 'The indentation does not fit',
    fix: 'Indent the parts of one map or list alike, and close brackets and braces',
  },
  BAD_DQ_ESCAPE: { what: 'A backslash stands before a character that needs none', fix: 'Leave it out, or use single quotes' },
}

/** Translates one error of the parser. An unquoted template begins before the place where the parser stumbles over it. */
export function yamlTrouble(error: YAMLParseError | YAMLWarning, text: string): YamlTrouble {
  const [offset] = error.pos
  const start = text.lastIndexOf('\n', Math.max(0, offset - 1)) + 1
  const end = text.indexOf('\n', offset)
  const template = unquotedTemplate(text.slice(start, end < 0 ? text.length : end))
  if (template === undefined) return tooFarIn(error, text) ?? { offset, ...adviceOn(error, text) }
  const fix = `Put quotes around it: ${quoted(template.written)}`
  return { offset: start + template.at, what: 'YAML reads a template without quotes as a map', fix }
}

/**
 * `- name: a` with `match: …` one column too deep below it: to YAML the second line goes on with the first one's text, and the parser
 * stumbles over its colon. It points at the first line, where nothing is wrong.
 */
function tooFarIn({ code, pos }: YAMLParseError | YAMLWarning, text: string): YamlTrouble | undefined {
  if (code !== 'BLOCK_AS_IMPLICIT_KEY' && code !== 'MULTILINE_IMPLICIT_KEY') return undefined
  const deeper = /^[^\n]*\n\s*/.exec(text.slice(pos[0]))
  if (deeper === null || /:\s/.test(deeper[0])) return undefined
  return {
    offset: pos[0] + deeper[0].length,
    what: 'This line is indented deeper than the line above begins, so it reads as more of its text',
    fix: 'Indent the keys of one map alike',
  }
}

function adviceOn(error: YAMLParseError | YAMLWarning, text: string): Advice {
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[^\s:]+/.exec(text.slice(error.pos[0]))?.[0] ?? 'The key'
    return { what: `${quoted(key.replace(/^["']|["']$/g, ''))} is written twice in one map`, fix: 'Keep one of the two' }
  }
  if (error.code === 'BAD_SCALAR_START') {
    const start = text.charAt(error.pos[0])
    return { what: `A text without quotes cannot start with ${quoted(start)}`, fix: 'Put quotes around it' }
  }
  const known = advice[error.code]
  if (known !== undefined) return known
  const said = (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:$/, '')
  return { what: `This is not YAML (${said})`, fix: 'Check the indentation and the quotes of this line' }
}

/** The first text with `{name}` in it that stands outside quotes. */
function unquotedTemplate(line: string): { readonly at: number; readonly written: string } | undefined {
  const bare = line.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, (text) => ' '.repeat(text.length)).replace(/(^|\s)#.*/, '')
  const found = /[^\s,[\]{}"']*\{[A-Za-z][\w.-]*(?:\[\*\][\w.-]*)?(?:\|[^{}\s]*)?\}[^\s,\]}"']*/.exec(bare)
  return found === null ? undefined : { at: found.index, written: found[0] }
}
