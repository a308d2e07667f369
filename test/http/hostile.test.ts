/** Every byte from outside is hostile: whatever a peer sends, no parser of it throws. */
import fc from 'fast-check'
import t from 'tap'
import { acceptsCoding, isIdentityRefused, normaliseAcceptEncoding } from '../../src/http/accept-encoding.ts'
import { delta, maxStale, parseCacheControl, parseDelta, restrictedFields } from '../../src/http/cache-control.ts'
import { appendCacheStatus } from '../../src/http/cache-status.ts'
import { evaluateIfRange, evaluatePreconditions, parseEtagList } from '../../src/http/conditional.ts'
import { parseHttpDate } from '../../src/http/date.ts'
import { connectionTokens, endToEnd } from '../../src/http/hop-by-hop.ts'
import { splitElements, splitList, unquote } from '../../src/http/list.ts'
import { mediaTypeOf } from '../../src/http/media-type.ts'
import { negotiate } from '../../src/http/negotiate.ts'
import { isAmbiguousPath, normalisePath, otherReadings } from '../../src/http/path.ts'
import { decodePercent } from '../../src/http/percent.ts'
import { parseQuery } from '../../src/http/query.ts'
import { parseContentRange, parseRange } from '../../src/http/range.ts'
import { parseTarget } from '../../src/http/request.ts'
import { formatString, formatToken, parseDictionary, parseList } from '../../src/http/structured-field.ts'
import { parseTargeted } from '../../src/http/targeted.ts'
import { normaliseField, varyNames } from '../../src/http/vary.ts'
import { withVia } from '../../src/http/via.ts'
import { parsePreferences } from '../../src/http/weight.ts'
import { instant } from '../../src/time.ts'

const now = instant(Date.UTC(2030, 0, 1))

const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  'accept-encoding': (text) => [normaliseAcceptEncoding(text), acceptsCoding(text, 'gzip'), isIdentityRefused(text)],
  'cache-control': readCacheControl,
  'cache-status': (text) => appendCacheStatus(text, 'springhouse; hit'),
  conditions: readConditions,
  date: (text) => parseHttpDate(text, now),
  delta: parseDelta,
  connection: (text) => [endToEnd(['Connection', text, text, text]), connectionTokens(['Connection', text])],
  list: (text) => [splitList(text), splitElements(text, ';'), unquote(text)],
  'media type': (text) => mediaTypeOf(['Content-Type', text]),
  negotiate: (text) => negotiate('accept-language', text, ['es', 'en']),
  path: (text) => [isAmbiguousPath(text), otherReadings(text), normalisePath(text), decodePercent(text)],
  query: parseQuery,
  range: (text) => [parseRange(text, 10), parseContentRange(text)],
  'structured field': (text) => [parseDictionary(text), parseList(text), formatString(text), formatToken(text)],
  target: parseTarget,
  targeted: parseTargeted,
  vary: (text) => [varyNames(['Vary', text]), normaliseField(text, text), normaliseField('accept-language', text)],
  via: (text) => withVia(['Via', text]),
  weight: parsePreferences,
}

/** As fields are read: every byte is one character. */
const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array).toString('latin1'))
/** What grammars are made of, so that the insides of parsers are reached. */
const pieces = fc.constantFrom(
  ...[
    'max-age',
    's-maxage',
    'no-cache',
    'private',
    'bytes',
    'gzip',
    'W/',
    '*',
    '"',
    '\\',
    ',',
    ';',
    '=',
    '%',
    '%2e',
    '/',
    '..',
    '?',
    '-',
    ':',
  ],
  ...[
    'q=0.5',
    '(',
    ')',
    '@',
    '1',
    '99999999999999999999',
    'Fri',
    'Mar',
    'GMT',
    ' ',
    '\t',
    '\0',
    '\xff',
    'é',
    '\ud800',
    '__proto__',
  ],
)
const mixed = fc.array(pieces, { maxLength: 24 }).map((array) => array.join(''))

for (const [name, parser] of Object.entries(parsers)) {
  t.test(`${name}: nothing throws`, async () => {
    fc.assert(fc.property(fc.oneof(bytes, mixed, fc.string()), (text) => void parser(text)))
  })
}

function readCacheControl(text: string): unknown {
  const directives = parseCacheControl(text)
  const names = ['max-age', 's-maxage', 'min-fresh']
  return [names.map((name) => delta(directives, name)), maxStale(directives), restrictedFields(directives, 'private')]
}

function readConditions(text: string): unknown {
  const request = ['If-None-Match', text, 'If-Modified-Since', text, 'If-Range', text]
  const stored = { etag: text, lastModified: text, date: text }
  return [evaluatePreconditions(request, stored, { now }), evaluateIfRange(request, stored, now), parseEtagList(text)]
}
