/**
 * The rules of the house that a compiler does not know, as functions from sources to violations. Each says what is wrong in a sentence that
 * needs no look at this file.
 */
import { basename } from 'node:path'
import { codeOf, importsOf, type Source } from './source.ts'

/** From the ground up. Rooms of one level know nothing of each other; `example` stands apart. */
const levels: ReadonlyArray<readonly string[]> = [
  ['time.ts', 'units.ts'],
  ['http'],
  ['cache'],
  ['rules'],
  // The connection that store and ledger share.
  ['redis'],
  ['store', 'ledger', 'origin', 'observe', 'settings'],
  ['proxy', 'jobs'],
  ['server', 'admin'],
  ['tier.ts'],
  ['app.ts'],
  ['commands'],
  ['main.ts'],
]
const ground = levels[0] as readonly string[]
const pureRooms = ['http', 'cache', 'rules']
/** What a pure room may import beside our own: no more than text and digests. */
const purePackages: Readonly<Record<string, readonly string[]>> = {
  http: ['node:crypto'],
  cache: ['node:crypto'],
  rules: ['node:crypto', 'yaml', 'zod'],
}

/** `src/http/fields.ts` → `http`; `src/time.ts` → `time.ts`. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? ''
}

function levelOf(room: string): number {
  return levels.findIndex((rooms) => rooms.includes(room))
}

export function layerViolations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const room = roomOf(source.path)
    if (room !== 'example' && levelOf(room) < 0) return [`${source.path}: no layer is known for "${room}"`]
    return importsOf(source)
      .filter((target) => target.startsWith('src/') && !isAllowed(room, roomOf(target)))
      .map((target) => `${source.path}: "${room}" must not import "${roomOf(target)}" (${target})`)
  })
}

function isAllowed(room: string, target: string): boolean {
  if (room === target) return true
  if (room === 'example') return false
  if (target === 'example') return levelOf(room) >= levelOf('app.ts')
  if (ground.includes(room)) return ground.includes(target)
  return levelOf(target) >= 0 && levelOf(target) < levelOf(room)
}

/** Files that cannot be understood, or moved, but together: each needs the next, and the last the first. */
export function circleViolations(sources: readonly Source[]): string[] {
  const needs = new Map(sources.map((source) => [source.path, importsOf(source)]))
  const reached = (from: string): Set<string> => {
    const seen = new Set<string>()
    const queue = [...(needs.get(from) ?? [])]
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (!seen.has(path)) queue.push(...(needs.get(path) ?? []))
      seen.add(path)
    }
    return seen
  }
  return [...needs.keys()].filter((path) => reached(path).has(path)).map((path) => `${path} needs itself in a circle`)
}

const impure: ReadonlyArray<readonly [pattern: RegExp, what: string]> = [
  [/\basync\b|\bawait\b|\bPromise\b/, 'is not synchronous'],
  [/\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\b/, 'reads the clock'],
  [/\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/, 'defers work'],
  [/(?<![.\w])process\b(?!\s*[:(])|\bglobalThis\b/, 'knows the process'],
  [/\bMath\.random\b|\brandom(?:UUID|Bytes|Int)\b/, 'throws dice'],
  [/^(?:export )?(?:let|var)\b/m, 'has a variable at the top level'],
  [
    /^(?:export )?const \w+(?:: (?:(?:Weak)?(?:Map|Set)|Record|Array)\b[^=\n]*|: (?!readonly\b)[^=\n]*\[\])? ?= (?:new (?:Weak)?(?:Map|Set)[^()\n]*\(\)|\[\]|\{\})/m,
    'has an empty collection at the top level, to be filled',
  ],
]

export function purityViolations(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => pureRooms.includes(roomOf(path)))
    .flatMap((source) => {
      const code = codeOf(source)
      const allowed = purePackages[roomOf(source.path)] ?? []
      return [
        ...impure.filter(([pattern]) => pattern.test(code)).map(([, what]) => `${source.path}: ${what}, and its room is pure`),
        ...importsOf(source)
          .filter((target) => !target.startsWith('src/') && !allowed.includes(target))
          .map((target) => `${source.path}: imports "${target}", and its room is pure`),
      ]
    })
}

const unwanted: ReadonlyArray<readonly [pattern: RegExp, what: string]> = [
  [/^export default\b/m, 'has a default export'],
  [/^(?:export )?(?:declare )?(?:const )?enum\b/m, 'has an enum'],
  [/^(?:export )?(?:abstract )?class \w+(?:<[^{]*>)? extends (?!\w*Error\b)/m, 'inherits from something that is no Error'],
  [/^export \* from\b/m, 'is a barrel'],
]

export function styleViolations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const code = codeOf(source)
    const found = unwanted.filter(([pattern]) => pattern.test(code)).map(([, what]) => `${source.path}: ${what}`)
    if (/^(?:utils?|helpers?|types|errors|index|common|misc)\.ts$/.test(basename(source.path))) {
      found.push(`${source.path}: is named for no idea`)
    }
    return found
  })
}

export function lengthViolations(sources: readonly Source[]): string[] {
  const most = 250
  return sources
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > most)
    .map(({ path, lines }) => `${path}: has ${lines} lines, more than ${most}`)
}

/**
 * Files with logic of their own that no test knows: none mirrors them (`lint-scope.ts` is also `lint.test.ts`'s), none imports them. One that
 * only declares types needs none.
 */
export function untested(sources: readonly Source[], tests: readonly Source[]): string[] {
  const known = new Set(tests.flatMap((test) => [test.path, ...importsOf(test)]))
  const mirror = (path: string): string => path.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts')
  return sources
    .filter(hasLogic)
    .map(({ path }) => path)
    .filter((path) => ![path, mirror(path), mirror(path.replace(/-[^/]*$/, '.ts'))].some((name) => known.has(name)))
}

/** Whether anything but types stands at the top level: their arrows and functions are no logic. */
function hasLogic(source: Source): boolean {
  const statements = codeOf(source).split(/\n(?=[^\s)}\]|&>])/)
  return statements.some(
    (text) => !/^(?:export )?(?:interface|type|import)\b/.test(text) && /\bfunction\b|=>|\bclass\b/.test(text),
  )
}

const unreliable: ReadonlyArray<readonly [pattern: RegExp, what: string]> = [
  [/\.(?:skip|todo|only)\(|\b(?:skip|todo|only): (?!false)/, 'skips or defers a test'],
  [
    /\bsetTimeout\(\s*(?:resolve|done|ok|r|res)\b|\b(?:sleep|pause|delay)\(\s*[\d_]+|\bAtomics\.wait\(/,
    'sleeps: wait for a condition',
  ],
]

export function reliabilityViolations(tests: readonly Source[]): string[] {
  return tests.flatMap((source) => {
    const code = codeOf(source)
    const found = unreliable.filter(([pattern]) => pattern.test(code)).map(([, what]) => `${source.path}: ${what}`)
    if (importsOf(source).some((target) => /^(?:node:)?timers\/promises$/.test(target)))
      found.push(`${source.path}: imports sleep`)
    return found
  })
}
