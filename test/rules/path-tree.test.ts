import fc from 'fast-check'
import t from 'tap'
import { PathTree } from '../../src/rules/path-tree.ts'
import type { PathPart } from '../../src/rules/rule.ts'

/** What the tree must find, told one path at a time. */
function fits(parts: readonly PathPart[], segments: readonly string[]): boolean {
  const [part, ...others] = parts
  const [segment, ...rest] = segments
  if (part === undefined) return segment === undefined
  if (part.kind === 'rest') return (segment ?? '').startsWith(part.start)
  if (segment === undefined || (part.kind === 'text' ? part.text !== segment : segment === '')) return false
  return fits(others, rest)
}

t.test('a path tree finds what a scan of all paths finds, in their order', async () => {
  const segment = fc.constantFrom('a', 'b', 'ab', '')
  const part = fc.oneof(
    segment.map((text): PathPart => ({ kind: 'text', text })),
    fc.constant<PathPart>({ kind: 'param', name: 'p' }),
  )
  const path = fc
    .tuple(fc.array(part, { maxLength: 3 }), fc.option(fc.constantFrom('', 'a')))
    .map(([parts, start]): PathPart[] => {
      return start === null ? parts : [...parts, { kind: 'rest', start }]
    })
  fc.assert(
    fc.property(fc.array(path, { maxLength: 12 }), fc.array(segment, { maxLength: 4 }), (paths, segments) => {
      const tree = new PathTree()
      for (const [place, parts] of paths.entries()) tree.add(parts, place)
      const scanned = paths.flatMap((parts, place) => (fits(parts, segments) ? [place] : []))
      return JSON.stringify(tree.find(segments)) === JSON.stringify(scanned)
    }),
    { numRuns: 1000 },
  )
})
