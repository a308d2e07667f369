/**
 * Rules that can never apply: the first cache rule that matches decides, so one whose requests are all taken by earlier ones is dead.
 * Earlier rules are kept in a tree of path segments, so that ten thousand rules take milliseconds.
 */
import { type Branching, childOf } from './path-tree.ts'
import { type Finding, quoted } from './problem.ts'
import type { Match, PathPart, Rule, RuleSet } from './rule.ts'

/** By what it asks beside path and method ("" for nothing): which methods are taken, and by whom. */
type Taken = Map<string, Map<string, Rule>>

interface Node extends Branching<Node> {
  /** By the text before the `*`. */
  readonly rests: Map<string, Taken>
  readonly taken: Taken
}

export function lintReach({ rules }: RuleSet): Finding[] {
  const root = emptyNode()
  const findings: Finding[] = []
  for (const [index, rule] of rules.entries()) {
    if (rule.cache === undefined) continue
    const earlier = takenBy(rule.match, root)
    if (earlier === undefined) take(rule, root)
    else {
      const what = `Rule ${quoted(rule.name)} never caches: ${quoted(earlier.name)} on line ${earlier.position.line} takes all its requests`
      const fix = `Move it above ${quoted(earlier.name)}, or take it out`
      findings.push({ path: ['rules', index, 'name'], severity: 'error', what, fix })
    }
  }
  return findings
}

/** The rule that takes the first method, where all methods are taken. */
function takenBy({ methods, ...match }: Match, root: Node): Rule | undefined {
  if (methods === undefined) return undefined
  const condition = conditionOf(match)
  const covering = [...coveringPaths(root, match.path, 0)].flatMap((taken) => [taken.get(''), taken.get(condition)])
  const takers = [...methods].map((method) => covering.find((by) => by?.has(method))?.get(method))
  return takers.every((taker) => taker !== undefined) ? takers[0] : undefined
}

function* coveringPaths(node: Node, parts: readonly PathPart[], depth: number): Generator<Taken> {
  const part = parts[depth]
  if (part === undefined) {
    yield node.taken
    // "/api/*" takes "/api" too.
    const bare = node.rests.get('')
    if (bare !== undefined) yield bare
    return
  }
  const text = part.kind === 'text' ? part.text : part.kind === 'rest' ? part.start : ''
  for (let length = 0; length <= text.length && node.rests.size > 0; length++) {
    const rest = node.rests.get(text.slice(0, length))
    if (rest !== undefined) yield rest
  }
  if (part.kind === 'rest') return
  const same = part.kind === 'text' ? node.texts.get(part.text) : undefined
  if (same !== undefined) yield* coveringPaths(same, parts, depth + 1)
  if (node.param !== undefined && (part.kind === 'param' || part.text !== '')) yield* coveringPaths(node.param, parts, depth + 1)
}

function take(rule: Rule, root: Node): void {
  const { methods, path, ...match } = rule.match
  let node = root
  let taken: Taken | undefined
  for (const part of path) {
    if (part.kind === 'rest') taken = node.rests.get(part.start) ?? new Map()
    if (part.kind === 'rest') node.rests.set(part.start, taken as Taken)
    else node = childOf(node, part, emptyNode)
  }
  taken ??= node.taken
  const condition = conditionOf(match)
  const by = taken.get(condition) ?? new Map<string, Rule>()
  taken.set(condition, by)
  for (const method of methods ?? []) if (!by.has(method)) by.set(method, rule)
}

function emptyNode(): Node {
  return { texts: new Map(), param: undefined, rests: new Map(), taken: new Map() }
}

/** Two rules with the same condition compare; whether one condition implies another is not asked. */
function conditionOf({ host, headers, query, json }: Omit<Match, 'methods' | 'path'>): string {
  if (host === undefined && headers.size + query.size + json.size === 0) return ''
  const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([host, sorted(headers), sorted(query), sorted(json)])
}
