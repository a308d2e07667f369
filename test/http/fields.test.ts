import t from 'tap'
import { type Fields, fieldLines, fieldValue, hasField, withField, withoutFields } from '../../src/http/fields.ts'

const fields: Fields = ['Host', 'a.example', 'Vary', 'Accept', 'X-Empty', '', 'VARY', 'Origin']

t.test('fieldValue joins the lines of a field in order, whatever the case of its name', async (t) => {
  t.equal(fieldValue(fields, 'vary'), 'Accept, Origin')
  t.equal(fieldValue(fields, 'host'), 'a.example')
})

t.test('fieldValue tells an empty field from an absent one', async (t) => {
  t.equal(fieldValue(fields, 'x-empty'), '')
  t.equal(fieldValue(fields, 'x-none'), undefined)
  t.equal(fieldValue([], 'host'), undefined)
})

t.test('fieldValue does not take a value for a name', async (t) => {
  t.equal(fieldValue(['A', 'host', 'B', 'x'], 'host'), undefined)
})

t.test('fieldLines keeps the lines apart', async (t) => {
  t.same(fieldLines(fields, 'vary'), ['Accept', 'Origin'])
  t.same(fieldLines(fields, 'x-none'), [])
})

t.test('hasField sees a field without a value', async (t) => {
  t.equal(hasField(fields, 'x-empty'), true)
  t.equal(hasField(fields, 'x-none'), false)
})

t.test('withoutFields removes every line of the names and leaves the rest as it came', async (t) => {
  t.same(withoutFields(fields, new Set(['vary', 'x-none'])), ['Host', 'a.example', 'X-Empty', ''])
  t.equal(fields.length, 8, 'the fields it was given are untouched')
})

t.test('withField replaces all lines by one', async (t) => {
  t.same(withField(fields, 'Vary', '*'), ['Host', 'a.example', 'X-Empty', '', 'Vary', '*'])
  t.same(withField([], 'Age', '0'), ['Age', '0'])
})
