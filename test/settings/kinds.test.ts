import fc from 'fast-check'
import t from 'tap'
import { type KindName, kinds } from '../../src/settings/kinds.ts'

t.test('kinds read what they are for', async (t) => {
  const cases: Array<[KindName, string, unknown]> = [
    ['port', '0', 0],
    ['port', '65535', 65_535],
    ['count', '0', 0],
    ['positive', '1', 1],
    ['fraction', '0.25', 0.25],
    ['fraction', '1', 1],
    ['timeout', '24d', 2_073_600_000],
    ['duration', '52w', 31_449_600_000],
    ['size', '64KiB', 65_536],
    ['switch', 'Yes', true],
    ['switch', '0', false],
    ['choice', 'b', 'b'],
    ['host', '[::1]', '::1'],
    ['host', 'api.example', 'api.example'],
    ['addresses', 'HTTP://API.example:80/', 'http://api.example'],
    ['addresses', 'https://[::1]:8443', 'https://[::1]:8443'],
    ['networks', '10.0.0.0/8', '10.0.0.0/8'],
    ['networks', '::1', '::1'],
    ['statuses', '503', 503],
    ['name', 'shop-1', 'shop-1'],
    ['token', 'aB0._~+/-==', 'aB0._~+/-=='],
  ]
  for (const [kind, text, value] of cases) t.same(kinds[kind].parse(text, ['a', 'b']), { value }, `${kind} ${text}`)
})

t.test('kinds refuse the rest, with a fix', async (t) => {
  const cases: Array<[KindName, string]> = [
    ['port', '65536'],
    ['port', '-1'],
    ['port', '80.5'],
    ['port', '0x50'],
    ['port', ''],
    ['positive', '0'],
    ['fraction', '1.5'],
    ['fraction', '10%'],
    ['timeout', '25d'],
    ['timeout', '10'],
    ['size', '10'],
    ['switch', 'maybe'],
    ['choice', 'c'],
    ['host', 'a b'],
    ['host', 'http://a'],
    ['host', 'a:80'],
    ['addresses', 'a:80'],
    ['addresses', 'http://a/b'],
    ['addresses', 'http://a?b'],
    ['addresses', 'http://u:p@a'],
    ['addresses', 'http://'],
    ['networks', '10.0.0.0/33'],
    ['networks', '10.0.0.0/8/8'],
    ['networks', 'localhost'],
    ['networks', 'fe80::1%eth0'],
    ['statuses', '99'],
    ['name', 'a:b'],
    ['name', ''],
    ['token', 'two words'],
    ['token', 'line\n'],
  ]
  for (const [kind, text] of cases) {
    const parsed = kinds[kind].parse(text, ['a', 'b'])
    t.ok('problem' in parsed && parsed.fix.length > 0, `${kind} ${text}`)
  }
})

t.test('kinds never throw, and a problem stays one short line', async () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...(Object.keys(kinds) as KindName[])), (text, kind) => {
      const parsed = kinds[kind].parse(text, ['a'])
      if ('problem' in parsed && /\n/.test(parsed.problem + parsed.fix)) throw new Error(parsed.problem)
      if ('problem' in parsed && parsed.problem.length + parsed.fix.length > 400) throw new Error(parsed.problem)
    }),
  )
})

t.test('kinds: an endpoint is a host with its port', async (t) => {
  const read = (text: string): unknown => kinds.endpoints.parse(text, [])
  t.same(read('redis-1.example:6379'), { value: { host: 'redis-1.example', port: 6379 } })
  t.same(read('10.0.0.1:1'), { value: { host: '10.0.0.1', port: 1 } })
  t.same(read('[::1]:65535'), { value: { host: '::1', port: 65_535 } })
  for (const text of ['', 'h', 'h:', ':1', 'h:0', 'h:65536', 'h:1x', '::1', '::1:6379', 'redis://h:1', 'a b:1', '[::1]']) {
    t.match(read(text), { problem: /is not a host with a port/, fix: /host:port/ }, text)
  }
})
