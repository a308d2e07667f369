/**
 * The names of values in templates: which there are, which of them need a path, and what to write instead of a wrong one. Offsets of
 * problems count from the name's start.
 */
import { nearest } from './spelling.ts'
import type { TemplateProblem, ValueReference, ValueRoot } from './template.ts'

/** Roots that are a value themselves; every other one needs a path. */
const bareRoots: ReadonlySet<ValueRoot> = new Set<ValueRoot>(['user', 'host', 'path', 'method', 'status'])
/** Roots whose path is a path of members; with the others all of it is one name, dots and brackets included. */
const memberRoots: ReadonlySet<ValueRoot> = new Set<ValueRoot>(['jwt', 'request.json', 'response.json'])
/** Names of fields are compared without case (RFC 9110 §5.1). */
const fieldRoots: ReadonlySet<ValueRoot> = new Set<ValueRoot>(['header', 'response.header'])
/** Longest first, so that "response.json" is not taken for an unknown "response". */
const roots: readonly ValueRoot[] = [
  'response.header',
  'response.json',
  'request.json',
  'header',
  'cookie',
  'params',
  'method',
  'status',
  'query',
  'user',
  'host',
  'path',
  'jwt',
]

/** All of them, as a message lists them. */
export const knownRoots: string = [...roots].reverse().join(', ')

/** What people write instead. */
const rootSynonyms: ReadonlyMap<string, ValueRoot> = new Map([
  ['request.body', 'request.json'],
  ['req.body', 'request.json'],
  ['body', 'request.json'],
  ['json', 'request.json'],
  ['response.body', 'response.json'],
  ['res.body', 'response.json'],
  ['response.headers', 'response.header'],
  ['response.status', 'status'],
  ['request.header', 'header'],
  ['request.headers', 'header'],
  ['headers', 'header'],
  ['request.cookie', 'cookie'],
  ['request.cookies', 'cookie'],
  ['cookies', 'cookie'],
  ['request.query', 'query'],
  ['req.query', 'query'],
  ['request.params', 'params'],
  ['req.params', 'params'],
  ['param', 'params'],
  ['request.method', 'method'],
  ['request.path', 'path'],
  ['request.host', 'host'],
  ['claims', 'jwt'],
  ['token', 'jwt'],
])

/** Parses "request.json.items[*].id". */
export function parseReference(name: string): ValueReference | TemplateProblem {
  const root = roots.find((known) => name === known || name.startsWith(`${known}.`) || name.startsWith(`${known}[`))
  if (root === undefined) return unknownRoot(name)
  const rest = name.slice(root.length)
  if (bareRoots.has(root)) return rest === '' ? { root, path: [], isList: false } : extraPath(root, rest)
  if (rest === '' || rest === '.') {
    return { offset: 0, message: `"${root}" needs a name`, fix: `Write which one, as in "{${root}.${exampleName(root)}}"` }
  }
  if (!memberRoots.has(root)) return namedReference(root, rest)
  return memberReference(root, rest)
}

function namedReference(root: ValueRoot, rest: string): ValueReference | TemplateProblem {
  if (!rest.startsWith('.')) return unknownRoot(root + rest)
  if (rest.includes('[*]')) return listProblem(root.length + rest.indexOf('[*]'))
  const name = rest.slice(1)
  return { root, path: [fieldRoots.has(root) ? name.toLowerCase() : name], isList: false }
}

function memberReference(root: ValueRoot, rest: string): ValueReference | TemplateProblem {
  const path: string[] = []
  const step = /\.([^.[\]*]+)|\[(\*)\]/y
  while (step.lastIndex < rest.length) {
    const at = step.lastIndex
    const found = step.exec(rest)
    if (found === null) {
      return {
        offset: root.length + at,
        message: `"${rest.slice(at)}" is no path of members`,
        fix: 'Write members with dots and "[*]" behind a list, as in "{request.json.items[*].id}"; one element is "items.0"',
      }
    }
    path.push(found[1] ?? '*')
  }
  const lists = path.filter((member) => member === '*').length
  if (lists > 0 && root === 'jwt') return listProblem(root.length + rest.indexOf('[*]'))
  if (lists > 1) {
    const at = root.length + rest.lastIndexOf('[*]')
    return { offset: at, message: 'A template has at most one "[*]"', fix: 'Leave one of them out' }
  }
  return { root, path, isList: lists === 1 }
}

function unknownRoot(name: string): TemplateProblem {
  const synonym = [...rootSynonyms.keys()].find(
    (wrong) => name === wrong || name.startsWith(`${wrong}.`) || name.startsWith(`${wrong}[`),
  )
  const wrong = synonym ?? /^(?:re\w*\.)?[^.[]*/.exec(name)?.[0] ?? name
  const right = (synonym === undefined ? undefined : rootSynonyms.get(synonym)) ?? nearest(wrong, roots)
  const message = `There is no value "${wrong}"`
  if (right === undefined) return { offset: 0, message, fix: `Write one of ${knownRoots}` }
  const path = bareRoots.has(right) ? '' : name.slice(wrong.length)
  return { offset: 0, message, fix: `Did you mean "{${right}${path}}"?` }
}

function extraPath(root: ValueRoot, rest: string): TemplateProblem {
  const fix = root === 'user' ? `Write "{user}", or "{jwt${rest}}" for a claim of the token` : `Write "{${root}}"`
  return { offset: root.length, message: `"${root}" has no members`, fix }
}

function listProblem(offset: number): TemplateProblem {
  return { offset, message: '"[*]" stands only in request.json and response.json', fix: 'Leave out the "[*]"' }
}

function exampleName(root: ValueRoot): string {
  if (fieldRoots.has(root)) return 'accept-language'
  return root === 'jwt' ? 'sub' : 'id'
}
