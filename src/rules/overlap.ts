/**
 * Whether two templates can produce the same text. A value is escaped when it is rendered, so it never contains ":"; a glob's "*" may.
 * Ten thousand templates are compared through a tree of their segments, not each with each.
 */
import type { Part, Template } from './template.ts'

/** One character of literal text, which never is one of the two that stand for any run without ":" (a value) and any run at all (a glob). */
type Atom = string
const value = '{'
const anything = '*'

/** Decided exactly, in time proportional to the product of the two lengths. */
export function canBeEqual(a: Template, b: Template): boolean {
  return haveCommonText(atomsOf(a), atomsOf(b))
}

/** Whether anything at all could come out, ":" included: a tag that is nothing but a list or a field of the answer. */
export function isOpen(template: Template): boolean {
  const [part, ...others] = template.parts
  return others.length === 0 && part?.kind === 'value' && (part.value.isList || part.value.root === 'response.header')
}

interface Branch<Owner> {
  readonly segment: readonly Atom[]
  readonly node: Node<Owner>
}

interface Node<Owner> {
  readonly literal: Map<string, Branch<Owner>>
  readonly mixed: Map<string, Branch<Owner>>
  readonly owners: Owner[]
}

/**
 * How many comparisons one tree makes. Only thousands of templates that begin with a value or a "*" and fit nothing need more; what is not
 * found by then is not looked for any longer, since a warning is not worth a minute of start-up.
 */
const maxComparisons = 500_000

/** Templates, each with its owner, to be searched by what they can produce. */
export class TemplateTree<Owner> {
  readonly #root: Node<Owner> = emptyNode()
  #left = maxComparisons

  add(template: Template, owner: Owner): void {
    let node = this.#root
    for (const segment of segmentsOf(atomsOf(template))) node = branchTo(node, segment).node
    node.owners.push(owner)
  }

  /** The first accepted owner of a template that can produce what `template` can produce. */
  find(template: Template, accepts: (owner: Owner) => boolean): Owner | undefined {
    return this.#findIn(this.#root, segmentsOf(atomsOf(template)), accepts)
  }

  /** Whether any template can produce what `template`, which may have globs, can produce. True also where the search was given up. */
  mayProduce(template: Template): boolean {
    return this.find(template, () => true) !== undefined || this.#left <= 0
  }

  #findIn(node: Node<Owner>, segments: ReadonlyArray<readonly Atom[]>, accepts: (owner: Owner) => boolean): Owner | undefined {
    const [segment, ...rest] = segments
    if (segment === undefined) return node.owners.find(accepts)
    if (segment.includes(anything)) return this.#findBelow(node, undefined, { wanted: joined(segments), accepts })
    for (const branch of this.#fitting(node, segment)) {
      const found = this.#findIn(branch.node, rest, accepts)
      if (found !== undefined) return found
    }
    return undefined
  }

  *#fitting(node: Node<Owner>, segment: readonly Atom[]): Generator<Branch<Owner>> {
    const same = isLiteral(segment) ? node.literal.get(segment.join('')) : undefined
    if (same !== undefined) yield same
    const others = isLiteral(segment) ? [node.mixed] : [node.literal, node.mixed]
    for (const branches of others)
      for (const branch of branches.values()) if (this.#compare(branch.segment, segment)) yield branch
  }

  /** From a "*" on, segments no longer stand opposite each other: what is below is compared whole, while its beginning still fits. */
  #findBelow(node: Node<Owner>, above: readonly Atom[] | undefined, search: Search<Owner>): Owner | undefined {
    for (const branch of [...node.literal.values(), ...node.mixed.values()]) {
      if (this.#left <= 0) return undefined
      const text = above === undefined ? branch.segment : [...above, ':', ...branch.segment]
      if (!this.#compare([...text, anything], search.wanted)) continue
      const isWhole = branch.node.owners.length > 0 && this.#compare(text, search.wanted)
      const own = isWhole ? branch.node.owners.find(search.accepts) : undefined
      const found = own ?? this.#findBelow(branch.node, text, search)
      if (found !== undefined) return found
    }
    return undefined
  }

  #compare(a: readonly Atom[], b: readonly Atom[]): boolean {
    return this.#left-- > 0 && haveCommonText(a, b)
  }
}

interface Search<Owner> {
  readonly wanted: readonly Atom[]
  readonly accepts: (owner: Owner) => boolean
}

function emptyNode<Owner>(): Node<Owner> {
  return { literal: new Map(), mixed: new Map(), owners: [] }
}

function branchTo<Owner>(node: Node<Owner>, segment: readonly Atom[]): Branch<Owner> {
  const branches = isLiteral(segment) ? node.literal : node.mixed
  const name = segment.join('')
  const branch = branches.get(name) ?? { segment, node: emptyNode<Owner>() }
  branches.set(name, branch)
  return branch
}

function atomsOf(template: Template): Atom[] {
  return template.parts.flatMap(atomsOfPart)
}

function atomsOfPart(part: Part): Atom[] {
  return part.kind === 'text' ? [...part.text] : [value]
}

function segmentsOf(atoms: readonly Atom[]): Atom[][] {
  const segments: Atom[][] = [[]]
  for (const atom of atoms) {
    if (atom === ':') segments.push([])
    else segments.at(-1)?.push(atom)
  }
  return segments
}

function joined(segments: ReadonlyArray<readonly Atom[]>): Atom[] {
  return segments.flatMap((segment, i) => (i === 0 ? segment : [':', ...segment]))
}

function isLiteral(segment: readonly Atom[]): boolean {
  return !segment.some(isRun)
}

function isRun(atom: Atom | undefined): atom is typeof value | typeof anything {
  return atom === value || atom === anything
}

/** Walks both at once and remembers which pairs of places can be reached: no backtracking, whatever stars there are. */
function haveCommonText(a: readonly Atom[], b: readonly Atom[]): boolean {
  let reached = new Array<boolean>(b.length + 1).fill(false)
  reached[0] = true
  for (let i = 0; i <= a.length; i++) {
    const next = new Array<boolean>(b.length + 1).fill(false)
    let isAlive = false
    for (let j = 0; j <= b.length; j++) {
      if (!reached[j]) continue
      isAlive = true
      const left = a[i]
      const right = b[j]
      // A run may be over, or swallow one more character of the other side.
      if (isRun(left) || swallows(right, left)) next[j] = true
      if (isRun(right) || swallows(left, right)) reached[j + 1] = true
      if (left !== undefined && left === right) next[j + 1] = true
    }
    if (!isAlive) return false
    if (i === a.length) return reached[b.length] === true
    reached = next
  }
  return false
}

function swallows(run: Atom | undefined, other: Atom | undefined): boolean {
  return other !== undefined && (run === anything || (run === value && other !== ':'))
}
