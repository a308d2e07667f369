import fc from 'fast-check'
import t from 'tap'
import { formatLine, parseLines } from '../../src/ledger/journal-line.ts'

t.test('any labels come back as they were, each add on a line of its own', async () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.string({ unit: 'binary' })), { minLength: 1 }), (adds) => {
      const lines = adds.map(formatLine)
      for (const line of lines) if (line.split('\n').length !== 2) throw new Error('More than a line')
      if (JSON.stringify(parseLines(lines.join(''))) !== JSON.stringify(adds.flat())) throw new Error('Not the same labels')
    }),
  )
})

t.test('a label of line ends, quotes and half characters is one line', async (t) => {
  const hostile = ['\n1 0000000000000000 ["all"]\n', '"\\\u2028\r', '\ud800', '', '__proto__']
  t.same(parseLines(formatLine(hostile)), hostile)
})

t.test('a file torn at any byte is not known, unless it ends with a whole line', async (t) => {
  const lines = [formatLine(['k:a', 'k:é']), formatLine(['t:b'])]
  const whole = Buffer.from(lines.join(''))
  const said = Array.from(whole, (_, end) => parseLines(whole.subarray(0, end).toString()))
  const known = [...said.keys()].filter((end) => said[end] !== undefined)
  t.same(known, [Buffer.byteLength(lines[0] as string)])
  t.same(said[known[0] as number], ['k:a', 'k:é'])
})

t.test('any changed byte makes the file unknown', async (t) => {
  const whole = Buffer.from(formatLine(['k:a', 't:b']))
  for (const i of whole.keys()) {
    const changed = Buffer.from(whole)
    changed[i] = (whole[i] as number) ^ 1
    t.equal(parseLines(changed.toString()), undefined, `byte ${i}`)
  }
})

t.test('another version, and what is no list of labels, are unknown', async (t) => {
  t.equal(parseLines(formatLine(['k:a']).replace(/^1/, '2')), undefined)
  t.equal(parseLines(formatLine(['k:a', 1 as unknown as string])), undefined)
  t.equal(parseLines(formatLine({ length: 1 } as unknown as string[])), undefined)
  t.equal(parseLines(`${formatLine(['k:a'])}\n`), undefined, 'an empty line')
  t.equal(parseLines(''), undefined, 'an empty file')
})
