/** A source file as the architecture test reads it: its imports, and its code without comments, strings and regular expressions. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Source {
  /** From the project's folder: `src/http/fields.ts`. */
  readonly path: string
  readonly text: string
}

export function readSources(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

/** What the file imports: packages as written, own files as paths from the project's folder. Type imports count: they couple just as well. */
export function importsOf({ path, text }: Source): string[] {
  const statements =
    /^(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm
  return [...text.matchAll(statements)]
    .map((match) => match[1] ?? match[2] ?? (match[3] as string))
    .map((specifier) => (specifier.startsWith('.') ? join(path, '..', specifier) : specifier))
}

/** A regular expression is told from a division by what stands before it. */
const tokens = new RegExp(
  [
    String.raw`\/\*[\s\S]*?\*\/`,
    String.raw`\/\/[^\n]*`,
    String.raw`'(?:\\.|[^'\\\n])*'`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    '`(?:\\\\.|[^`\\\\])*`',
    String.raw`(?<=[=(,:[!&|?{};\n>]\s*|\breturn )\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\/[a-z]*`,
  ].join('|'),
  'g',
)

/** The code alone, line for line: of a template literal what it computes, of strings, comments and expressions nothing. */
export function codeOf({ text }: Source): string {
  return text.replace(tokens, (token) => {
    const lines = '\n'.repeat(token.split('\n').length - 1)
    if (token.startsWith('`')) return `'' ${[...token.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1]).join(' ')} ${lines}`
    return token.startsWith('/') ? lines : "''"
  })
}
