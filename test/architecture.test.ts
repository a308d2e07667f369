import t from 'tap'
import {
  circleViolations,
  layerViolations,
  lengthViolations,
  purityViolations,
  reliabilityViolations,
  styleViolations,
  untested,
} from './architecture/rules.ts'
import { codeOf, importsOf, readSources, type Source } from './architecture/source.ts'

const sources = readSources('src')
const tests = readSources('test').filter(({ path }) => !path.startsWith('test/architecture'))

t.test('imports obey the layers', async (t) => {
  t.ok(sources.length > 0)
  t.same(layerViolations(sources), [])
})

t.test('no file of the proxy needs another in a circle, not by types either', async (t) => {
  t.same(circleViolations(sources.filter(({ path }) => path.startsWith('src/proxy/'))), [])
})

t.test('http, cache and rules are pure', async (t) => t.same(purityViolations(sources), []))

t.test('no default exports, enums, barrels, inheritance, or files named for no idea', async (t) =>
  t.same(styleViolations(sources), []),
)

t.test('no file is too long to be one idea', async (t) => t.same(lengthViolations(sources), []))

t.test('every file with logic is known to a test, room by room', async (t) => {
  const missing = untested(sources, tests)
  const isEnforced = (path: string): boolean => /^src\/(?:http|cache|rules|store|ledger|origin|observe|settings)\//.test(path)
  t.same(missing.filter(isEnforced), [])
  // The shells are tested as a whole, through a real listener.
  t.comment(`tested only as part of the whole: ${missing.filter((path) => !isEnforced(path)).join(' ')}`)
})

t.test('no test sleeps, is skipped, or is left for later', async (t) => t.same(reliabilityViolations(tests), []))

t.test('each of these rules sees what it forbids', async (t) => {
  const source = (path: string, text: string): Source[] => [{ path, text }]
  const cases: Array<[violations: string[], expected: RegExp]> = [
    [layerViolations(source('src/cache/a.ts', "import type { B } from '../rules/b.ts'")), /"cache" must not import "rules"/],
    [layerViolations(source('src/store/a.ts', "import {\n  b,\n} from '../ledger/b.ts'")), /"store" must not import "ledger"/],
    [layerViolations(source('src/time.ts', "export { b } from './http/b.ts'")), /"time.ts" must not import "http"/],
    [layerViolations(source('src/proxy/a.ts', "const b = await import('../app.ts')")), /"proxy" must not import "app.ts"/],
    [layerViolations(source('src/example/a.ts', "import '../time.ts'")), /"example" must not import "time.ts"/],
    [layerViolations(source('src/proxy/a.ts', "import { b } from '../example/b.ts'")), /"proxy" must not import "example"/],
    [layerViolations(source('src/shared/a.ts', '')), /no layer is known for "shared"/],
    [
      circleViolations([
        ...source('src/proxy/a.ts', "import type { B } from './b.ts'\nimport { c } from './c.ts'"),
        ...source('src/proxy/b.ts', "import { c } from './c.ts'"),
        ...source('src/proxy/c.ts', "import { c } from './c.ts'"),
      ]),
      /c\.ts needs itself in a circle/,
    ],
    ...[
      'export async function a() {}',
      'const a = new Promise(b)',
      'function a() {\n  return Date.now()\n}',
      'const a = new Date()',
      'const a = `since $' + '{performance.now()}`',
      'setTimeout(a, 1)',
      "const a = process.env['A']",
      'const a = Math.random()',
      'const a = randomUUID()',
      'let a = 1',
      'export let a = 1',
      'const a = new Map<string, number>()',
      'const a: string[] = []',
      'const a: Map<string, number> = new Map()',
      "import { isIP } from 'node:net'",
      "import fs from 'node:fs'",
    ].map((text): [string[], RegExp] => [purityViolations(source('src/http/a.ts', text)), /pure/]),
    [styleViolations(source('src/http/a.ts', 'export default 1')), /default export/],
    [styleViolations(source('src/http/a.ts', 'export const enum A {}')), /enum/],
    [styleViolations(source('src/http/a.ts', 'export class A<T> extends Map {}')), /inherits/],
    [styleViolations(source('src/http/a.ts', "export * from './b.ts'")), /barrel/],
    [styleViolations(source('src/http/utils.ts', '')), /named for no idea/],
    [lengthViolations(source('src/http/a.ts', 'a\n'.repeat(251))), /251 lines/],
    [untested(source('src/http/a.ts', 'export function a() {}'), []), /a\.ts/],
    [untested(source('src/http/a.ts', 'export interface A {\n  b: () => void\n}\nexport const c = (d) => d\n'), []), /a\.ts/],
    ...[
      "t.test.skip('a', b)",
      "t.todo('a')",
      "t.test('a', { skip: true }, b)",
      'await new Promise((resolve) => setTimeout(resolve, 10))',
      'await sleep(10)',
      "import { setTimeout as wait } from 'node:timers/promises'",
    ].map((text): [string[], RegExp] => [reliabilityViolations(source('test/a.test.ts', text)), /./]),
  ]
  for (const [violations, expected] of cases) t.match(violations, [expected], String(expected))
})

t.test('and lets pass what only looks like it', async (t) => {
  const text = [
    '/* async */ // await process.exit()',
    'export const a = \'Date.now() and "let"\'',
    'export const b = /process|[/\'"]async/',
    'const none: readonly string[] = []',
    'const nothing: ReadonlyMap<string, string> = new Map()',
    'export function c(tests: { process: number }): number {',
    '  let sum = tests.process',
    '  return sum',
    '}',
  ].join('\n')
  const pure: Source = { path: 'src/http/a.ts', text }
  t.same(purityViolations([pure]), [], codeOf(pure))
  t.same(untested([{ path: 'src/http/b.ts', text: 'export interface A {\n  run(work: () => void): void\n}\n' }], []), [])
  t.same(importsOf({ path: 'src/http/a.ts', text: "import type { A } from './b.ts'\nimport t from 'tap'" }), [
    'src/http/b.ts',
    'tap',
  ])
})
