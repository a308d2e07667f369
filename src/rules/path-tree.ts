/**
 * The paths of many rules as one tree of segments: finding the rules of a path takes as long as the path is deep, however many rules there
 * are. Whoever adds and asks folds both alike.
 */
import type { PathPart } from './rule.ts'

/** A node of a tree of segments: where a text leads from here, and where any leads. */
export interface Branching<N> {
  readonly texts: Map<string, N>
  param: N | undefined
}

interface Node extends Branching<Node> {
  /** Text before the final "*" → rules. */
  readonly rests: Map<string, number[]>
  /** The different lengths of those texts, so that few look-ups find all that a segment begins with. */
  readonly restLengths: Set<number>
  readonly ends: number[]
}

export class PathTree {
  readonly #root: Node = emptyNode()

  /** `place` is the rule's place in the file. */
  add(parts: readonly PathPart[], place: number): void {
    let node = this.#root
    for (const part of parts) {
      if (part.kind === 'rest') {
        const places = node.rests.get(part.start) ?? []
        places.push(place)
        node.rests.set(part.start, places)
        node.restLengths.add(part.start.length)
        return
      }
      node = childOf(node, part, emptyNode)
    }
    node.ends.push(place)
  }

  /** The places of all rules whose path this is, in the file's order. */
  find(segments: readonly string[]): number[] {
    const found: number[] = []
    collect(this.#root, segments, { at: 0, found })
    return found.length < 2 ? found : found.sort((a, b) => a - b)
  }
}

function emptyNode(): Node {
  return { texts: new Map(), param: undefined, rests: new Map(), restLengths: new Set(), ends: [] }
}

/** Where a part leads; made where nothing has led there yet. */
export function childOf<N extends Branching<N>>(node: N, part: Exclude<PathPart, { kind: 'rest' }>, make: () => N): N {
  if (part.kind === 'param') {
    node.param ??= make()
    return node.param
  }
  const child = node.texts.get(part.text) ?? make()
  node.texts.set(part.text, child)
  return child
}

/** As deep as the tree at most, which is as deep as the operator's longest path. */
function collect(node: Node, segments: readonly string[], walk: { readonly at: number; readonly found: number[] }): void {
  const { at, found } = walk
  const segment = segments[at]
  for (const length of node.restLengths) {
    if ((segment ?? '').length >= length) found.push(...(node.rests.get((segment ?? '').slice(0, length)) ?? []))
  }
  if (segment === undefined) {
    found.push(...node.ends)
    return
  }
  const child = node.texts.get(segment)
  if (child !== undefined) collect(child, segments, { at: at + 1, found })
  if (node.param !== undefined && segment !== '') collect(node.param, segments, { at: at + 1, found })
}
