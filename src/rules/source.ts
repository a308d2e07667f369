/**
 * rules.yaml as YAML: the values, and where each of them stands. Says what YAML itself finds wrong in the operator's words, above all
 * where it reads an unquoted template as something else: `key: {user}:badges` breaks, `patterns: [*x]` is an alias.
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'
import { type Finding, quoted } from './problem.ts'
import type { Position } from './rule.ts'
import { yamlTrouble } from './yaml-trouble.ts'

export interface Source {
  readonly value: unknown
  /** Where a value stands; what is missing stands where its parent does. */
  locate(place: Pick<Finding, 'path' | 'isOnKey' | 'offset'>): Position
  /** The text of the value as written, or undefined where it takes more than one line. */
  written(path: readonly PropertyKey[]): string | undefined
  /** Whether a comment that looks like a part of the text (`x #c`) cuts an unquoted text short. */
  isCutByComment(path: readonly PropertyKey[]): boolean
}

/** A problem of the YAML itself: it has a place, but no path. */
export interface Trouble extends Position {
  readonly what: string
  readonly fix: string
}

export type ReadSource =
  | { readonly kind: 'source'; readonly source: Source }
  | { readonly kind: 'troubles'; readonly troubles: readonly Trouble[] }

/** How often one anchor may be expanded: more is an attack or a mistake, not a rules file. */
const maxAliasCount = 10_000

/** Reads the text as one YAML 1.2 document. Never throws. */
export function readSource(text: string): ReadSource {
  try {
    return readDocument(text)
  } catch (cause) {
    // The parser recurses: a text of ten thousand brackets ends its stack. And it throws when aliases multiply.
    const isBomb = cause instanceof ReferenceError
    const what = isBomb ? 'The aliases of this file multiply beyond all use' : 'This is nested too deeply to be read'
    const fix = isBomb
      ? 'Write the values out instead of aliases of aliases'
      : 'Write it as in the documentation: five levels are enough'
    return { kind: 'troubles', troubles: [{ line: 1, column: 1, what, fix }] }
  }
}

/** What decoding could not read, and what no text contains: a binary file, or one in another encoding. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what gives a binary file away
const unreadable = /[\u0000\ufffd]/

function readDocument(text: string): ReadSource {
  const at = text.search(unreadable)
  if (at >= 0) {
    const before = text.slice(0, at)
    const position = { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
    return { kind: 'troubles', troubles: [{ ...position, what: 'This is not text in UTF-8', fix: 'Save the file as UTF-8' }] }
  }
  const counter = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: counter,
    uniqueKeys: true,
    version: '1.2',
    merge: false,
    logLevel: 'error',
  })
  const linePosition = (offset: number): Position => {
    const { line, col } = counter.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const aliases = new Map<Node, Node>()
  const findings = [
    ...[...document.errors, ...document.warnings].map((error) => yamlTrouble(error, text)),
    ...nodeTroubles(document, aliases, text),
  ]
  if (findings.length > 0) {
    const troubles = findings.map(({ offset, what, fix }) => ({ ...linePosition(offset), what, fix }))
    return { kind: 'troubles', troubles: firstOfEachLine(troubles) }
  }
  if (document.contents === null) {
    const fix = 'Start with "version: 1" and a list of "rules"'
    return { kind: 'troubles', troubles: [{ line: 1, column: 1, what: 'The file is empty', fix }] }
  }
  const find = (path: readonly PropertyKey[]) => findNode(document, aliases, path)
  const source: Source = {
    value: document.toJS({ maxAliasCount }),
    locate: (place) => linePosition(offsetOf(find(place.path), place)),
    written: (path) => writtenAt(find(path), text),
    isCutByComment: (path) => {
      const { node } = find(path)
      return isScalar(node) && node.type === 'PLAIN' && /^\S/.test(node.comment ?? '')
    },
  }
  return { kind: 'source', source }
}

/** What `yaml` accepts and means something else than the operator: aliases to nowhere, and maps where a key should be. */
function nodeTroubles(
  document: Document,
  aliases: Map<Node, Node>,
  text: string,
): Array<{ offset: number; what: string; fix: string }> {
  const troubles: Array<{ offset: number; what: string; fix: string }> = []
  const anchors = new Map<string, Node>()
  visit(document, {
    Node: (_key, node, ancestors) => {
      const offset = node.range?.[0] ?? 0
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node)
        return
      }
      const target = anchors.get(node.source)
      const star = `*${node.source}`
      if (target === undefined) {
        const what = `YAML reads ${quoted(star)} as an alias, and there is no anchor of that name`
        troubles.push({ offset, what, fix: `Put quotes around it: ${quoted(star)}` })
      } else if (ancestors.includes(target)) {
        troubles.push({ offset, what: `${quoted(star)} stands inside itself`, fix: 'Write the values out instead of the alias' })
      } else aliases.set(node, target)
    },
    Pair: (_key, pair) => {
      if (!isMap(pair.key) && !isSeq(pair.key)) return
      const [start = 0, end = 0] = pair.key.range ?? []
      const written = text.slice(start, end)
      troubles.push({
        offset: start,
        what: 'A map or a list stands where a key should be',
        fix: `Put quotes around it: ${quoted(written)}`,
      })
    },
  })
  return troubles
}

/** One mistake makes the parser stumble several times over the same line; the first time is the true one. */
function firstOfEachLine(troubles: readonly Trouble[]): Trouble[] {
  const lines = new Map<number, Trouble>()
  for (const trouble of troubles) if (!lines.has(trouble.line)) lines.set(trouble.line, trouble)
  return [...lines.values()].sort((a, b) => a.line - b.line)
}

interface Found {
  readonly node: unknown
  readonly key: unknown
  /** False where the path leads further than the file does. */
  readonly isWhole: boolean
}

function findNode(document: Document, aliases: ReadonlyMap<Node, Node>, path: readonly PropertyKey[]): Found {
  let node: unknown = document.contents
  let key: unknown
  for (const step of path) {
    const container = isAlias(node) ? aliases.get(node) : node
    const child = isSeq(container) ? { key: undefined, value: container.items[Number(step)] } : pairOf(container, step)
    if (child === undefined || (child.key === undefined && child.value === undefined))
      return { node, key: undefined, isWhole: false }
    key = child.key
    node = child.value
  }
  return { node: isAlias(node) ? aliases.get(node) : node, key, isWhole: true }
}

/** `getIn` would miss keys that YAML reads as numbers (`404: 10s`): compared as text here, as they are in the value. */
function pairOf(container: unknown, step: PropertyKey): { key: unknown; value: unknown } | undefined {
  if (!isMap(container)) return undefined
  return container.items.find((pair) => isPair(pair) && isScalar(pair.key) && String(pair.key.value) === String(step))
}

function offsetOf(found: Found, { isOnKey, offset }: Pick<Finding, 'isOnKey' | 'offset'>): number {
  const { node, key } = found
  const isEmpty = !isNode(node) || (isScalar(node) && node.source === '' && node.type === 'PLAIN')
  if ((isOnKey || isEmpty) && found.isWhole && isNode(key)) return key.range?.[0] ?? 0
  const start = isNode(node) ? (node.range?.[0] ?? 0) : 0
  if (!offset || !found.isWhole || !isScalar(node)) return start
  return start + offsetInside(node, offset)
}

/** Quotes come first; where escapes or folding moved the characters, the start has to do. */
function offsetInside(
  node: { type?: unknown; source?: string; value: unknown; range?: readonly number[] | null },
  offset: number,
): number {
  if (node.type === 'PLAIN') return node.source === node.value ? offset : 0
  if (node.type !== 'QUOTE_DOUBLE' && node.type !== 'QUOTE_SINGLE') return 0
  const length = (node.range?.[1] ?? 0) - (node.range?.[0] ?? 0) - 2
  return length === String(node.value).length ? offset + 1 : 0
}

function writtenAt({ node, isWhole }: Found, text: string): string | undefined {
  if (!isWhole || !isNode(node)) return undefined
  const written = text.slice(node.range?.[0] ?? 0, node.range?.[1] ?? 0).trim()
  return written.includes('\n') ? undefined : written
}
