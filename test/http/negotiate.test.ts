import fc from 'fast-check'
import t from 'tap'
import { negotiate } from '../../src/http/negotiate.ts'

type Case = readonly [name: string, value: string | undefined, allowed: readonly string[], chosen: string]

const cases: readonly Case[] = [
  ['accept-language', undefined, ['es', 'en'], 'es'],
  ['accept-language', '', ['es', 'en'], 'es'],
  ['accept-language', 'fr, de', ['es', 'en'], 'es'],
  ['accept-language', 'en', ['es', 'en'], 'en'],
  ['accept-language', 'EN', ['es', 'en'], 'en'],
  ['accept-language', 'es;q=0.5, en', ['es', 'en'], 'en'],
  ['accept-language', 'en, es', ['es', 'en'], 'en'],
  ['accept-language', 'es, en', ['es', 'en'], 'es'],
  ['accept-language', '*', ['es', 'en'], 'es'],
  ['accept-language', 'es;q=0, *', ['es', 'en'], 'en'],
  ['accept-language', 'es;q=0', ['es', 'en'], 'es'],
  ['accept-language', 'en-GB, en;q=0.9, es;q=0.8', ['es', 'en'], 'en'],
  ['accept-language', 'es-MX', ['en', 'es'], 'es'],
  ['accept-language', 'en', ['es-MX', 'en-US'], 'en-US'],
  ['accept-language', 'en', ['enm', 'en'], 'en'],
  ['accept-language', 'de-CH;q=0.3, en;q=0.2', ['en', 'de'], 'de'],
  ['accept-language', 'pt-br', ['en', 'pt-BR'], 'pt-BR'],
  ['accept-language', 'zh-Hant;q=0.9, zh;q=0.1, fr;q=0.5', ['fr', 'zh-Hant-TW'], 'zh-Hant-TW'],
  ['accept-language', 'zh;q=0.9, zh-Hant-TW-x;q=0.1, fr;q=0.5', ['fr', 'zh-Hant-TW'], 'zh-Hant-TW'],
  ['accept', 'application/json', ['text/html', 'application/json'], 'application/json'],
  ['accept', 'text/html, application/json;q=0.9', ['application/json', 'text/html'], 'text/html'],
  ['accept', 'application/*', ['text/html', 'application/json'], 'application/json'],
  ['accept', '*/*', ['text/html', 'application/json'], 'text/html'],
  ['accept', 'text/*;q=0.9, text/html;q=0.1, application/json;q=0.5', ['text/html', 'application/json'], 'application/json'],
  ['accept', 'text/html;level=1, application/json;q=0.5', ['application/json', 'text/html'], 'text/html'],
  ['accept', 'image/png', ['text/html', 'application/json'], 'text/html'],
  ['accept-encoding', undefined, ['gzip', 'br'], 'identity'],
  ['accept-encoding', 'zstd, gzip;q=0', ['gzip', 'br'], 'identity'],
  ['accept-encoding', 'gzip, br', ['br', 'gzip'], 'gzip'],
  ['accept-encoding', '*', ['gzip', 'br'], 'gzip'],
  ['x-device', 'Mobile', ['desktop', 'mobile'], 'mobile'],
  ['x-device', 'mobile-x', ['desktop', 'mobile'], 'desktop'],
]

for (const [name, value, allowed, chosen] of cases) {
  t.test(`negotiate ${name}: ${value} among ${allowed} is ${chosen}`, async (t) => {
    t.equal(negotiate(name, value, allowed), chosen)
  })
}

t.test('negotiate never throws, and answers from the list', async () => {
  const allowed = fc.array(fc.constantFrom<string>('en', 'es', 'text/html', 'a/b'), { minLength: 1 })
  const name = fc.constantFrom('accept', 'accept-language', 'x-a')
  fc.assert(fc.property(name, fc.string(), allowed, (field, value, list) => list.includes(negotiate(field, value, list))))
})
