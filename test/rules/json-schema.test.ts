import { readFileSync } from 'node:fs'
import t from 'tap'
import { rulesJsonSchema } from '../../src/rules/json-schema.ts'

t.test('config/rules.schema.json is what rulesJsonSchema makes', async (t) => {
  const written: unknown = JSON.parse(readFileSync(new URL('../../config/rules.schema.json', import.meta.url), 'utf8'))
  t.same(written, JSON.parse(JSON.stringify(rulesJsonSchema())))
})

t.test('rulesJsonSchema describes every key and allows no others', async (t) => {
  const undescribed: string[] = []
  const open: string[] = []
  walk(rulesJsonSchema(), '', (schema, path) => {
    for (const [key, value] of Object.entries(schema['properties'] ?? {})) {
      if (typeof (value as Schema)['description'] !== 'string') undescribed.push(`${path}.${key}`)
    }
    if (schema['properties'] !== undefined && schema['additionalProperties'] !== false) open.push(path)
  })
  t.same(undescribed, [])
  t.same(open, [])
})

type Schema = Readonly<Record<string, unknown>>

function walk(value: unknown, path: string, visit: (schema: Schema, path: string) => void): void {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) visit(value as Schema, path)
  for (const [key, child] of Object.entries(value)) if (key !== 'examples') walk(child, `${path}.${key}`, visit)
}
