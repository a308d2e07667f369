/** The texts of rules.yaml that have a grammar of their own: lifetimes, sizes, templates, statuses, names. Each says what to write instead. */
import { z } from 'zod'
import type { Policy } from '../cache/policy.ts'
import { type Seconds, toSeconds } from '../time.ts'
import { parseDuration, parseSize } from '../units.ts'
import type { IdentitySource } from './file.ts'
import { type Leaf, patternLeaf, refused, textLeaf } from './leaf.ts'
import { quoted } from './problem.ts'
import { parseTemplate, type Template } from './template.ts'

const durationPattern = '^(\\d+(ms|s|m|h|d|w))+$'
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export function durationLeaf(): z.ZodType<Seconds, string> {
  return withNumbers({ pattern: durationPattern, examples: ['30s'] }, readDuration)
}

/** A duration above zero: a lifetime of nothing stores what is never used. */
export function lifetimeLeaf(): z.ZodType<Seconds, string> {
  return withNumbers({ pattern: durationPattern, examples: ['10s'] }, readLifetime)
}

/** How far replicas may lag. What takes longer than an hour is no lag: entries would live on old data until then. */
export function settleLeaf(): z.ZodType<Seconds, string> {
  return withNumbers({ pattern: durationPattern, examples: ['1500ms'] }, (text) => {
    const duration = readDuration(text)
    if (duration.kind === 'problem') return duration
    if (duration.value === 0) return refused(`A second purge after ${quoted(text)} is the first one`, 'Leave it out')
    if (duration.value <= longestSettle) return duration
    const fix =
      'Write how far the replicas lag, "1h" at most; for what changes later than that, give the reading rules a shorter "ttl"'
    return refused(`${quoted(text)} is longer than any replica lags`, fix)
  })
}

const longestSettle = 3600

export function ttlLeaf(): z.ZodType<Policy['lifetime'], string> {
  return withNumbers<Policy['lifetime']>(
    { pattern: `${durationPattern}|^origin$|^forever$`, examples: ['5m', 'origin', 'forever'] },
    (text) => {
      if (text === 'origin' || text === 'forever') return { kind: 'value', value: { kind: text } }
      const duration = readLifetime(text)
      return duration.kind === 'problem' ? duration : { kind: 'value', value: { kind: 'fixed', duration: duration.value } }
    },
  )
}

/** A share of the lifetime, or its last so many seconds. */
export function refreshAheadLeaf(): z.ZodType<NonNullable<Policy['refreshAhead']>, string> {
  return withNumbers<NonNullable<Policy['refreshAhead']>>(
    { pattern: `^\\d{1,2}%$|${durationPattern}`, examples: ['20%', '30s'] },
    (text) => {
      const percent = /^(\d+)%$/.exec(text)
      if (percent === null) {
        if (/^[1-9]\d?$/.test(text))
          return refused(`${quoted(text)} has no unit`, `Write "${text}%" for a part of the lifetime, or "${text}s" for seconds`)
        const duration = readDuration(text)
        return duration.kind === 'problem' ? duration : { kind: 'value', value: { duration: duration.value } }
      }
      const share = Number(percent[1]) / 100
      if (share > 0 && share < 1) return { kind: 'value', value: { share } }
      return refused(`${quoted(text)} is no part of a lifetime`, 'Write a share between "1%" and "99%", or a duration')
    },
  )
}

export function sizeLeaf(): z.ZodType<number, string> {
  return withNumbers({ pattern: '^\\d+(B|KiB|MiB|GiB)$', examples: ['256KiB'] }, (text) => {
    const size = parseSize(text)
    if (typeof size !== 'number') return refused(size.problem, size.fix)
    return size > 0 ? { kind: 'value', value: size } : refused(`${quoted(text)} stores nothing`, 'Write "mode: off" instead')
  })
}

export function countLeaf(): z.ZodType<number, number> {
  return z
    .number({ error: 'Write a whole number from 1 to 1000' })
    .meta({ minimum: 1, maximum: 1000, multipleOf: 1 })
    .transform((count, context) => {
      if (Number.isInteger(count) && count >= 1 && count <= 1000) return count
      context.addIssue({
        code: 'custom',
        message: `${count} is no number of uses`,
        params: { fix: 'Write a whole number from 1 to 1000' },
      })
      return z.NEVER
    })
}

export function templateLeaf(example: string, allowGlob = false): z.ZodType<Template, string> {
  return textLeaf({ examples: [example], minLength: 1 }, (text) => readTemplate(text, allowGlob))
}

/** A condition is one value: its braces may be left out. */
export function conditionLeaf(): z.ZodType<Template, string> {
  return textLeaf({ examples: ['response.json.paid'], minLength: 1 }, (text) => {
    if (text.includes('{')) return readTemplate(text, false)
    const template = readTemplate(`{${text}}`, false)
    if (template.kind === 'value') return { kind: 'value', value: { ...template.value, source: text } }
    return refused(template.problem.what, template.problem.fix, Math.max(0, (template.problem.offset ?? 0) - 1))
  })
}

/** "404", "4xx": what `ttl` covers itself, partial and not modified answers have no lifetime here. */
export function negativeStatusLeaf(): z.ZodType<string, string> {
  return textLeaf({ pattern: '^([2-5]\\d\\d|[345]xx)$', examples: ['404'] }, (text) => {
    if (['200', '203', '204', '300', '301', '308'].includes(text)) {
      return refused(`The lifetime of ${text} is the rule's ttl`, 'Leave it out here')
    }
    if (text === '206' || text === '304') return refused(`A ${text} has no lifetime of its own`, 'Leave it out')
    if (/^(?:[2-5]\d\d|[345]xx)$/.test(text)) return { kind: 'value', value: text }
    return refused(`${quoted(text)} is no status that can have a lifetime`, 'Write a status or a class, as in "404" or "5xx"')
  })
}

/** Statuses that count as success: "2xx|3xx", 202, [202, "3xx"]. */
export function statusesLeaf(): z.ZodType<string[], string | number | Array<string | number>> {
  const fix = 'Write classes or statuses, as in "2xx|3xx" or [202, 204]'
  return z
    .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()], { error: fix }))], { error: fix })
    .transform((raw, context) => {
      const words = (Array.isArray(raw) ? raw : String(raw).split('|')).map((word) => String(word).trim())
      const wrong = words.find((word) => !/^[1-5](?:\d\d|xx)$/.test(word))
      if (wrong === undefined && words.length > 0) return words
      context.addIssue({
        code: 'custom',
        message: wrong === undefined ? 'The list of statuses is empty' : `${quoted(wrong)} is no status`,
        params: { fix },
      })
      return z.NEVER
    })
}

export function identitySourceLeaf(): z.ZodType<IdentitySource, string> {
  return textLeaf<IdentitySource>(
    { pattern: '^(jwt|header|cookie)\\..+$', examples: ['jwt.sub', 'header.x-api-key'] },
    (text) => {
      const found = /^(jwt|header|cookie)\.(.+)$/.exec(text)
      const name = found?.[2] ?? ''
      if (found?.[1] === 'jwt' && /^[^\s{}]+$/.test(name)) return { kind: 'value', value: { kind: 'jwt', claim: name } }
      if (found?.[1] === 'header' && token.test(name))
        return { kind: 'value', value: { kind: 'header', name: name.toLowerCase() } }
      if (found?.[1] === 'cookie' && token.test(name)) return { kind: 'value', value: { kind: 'cookie', name } }
      return refused(
        `${quoted(text)} names no identity`,
        'Write a claim, a header or a cookie, as in "jwt.sub", "header.x-api-key" or "cookie.session"',
      )
    },
  )
}

export function nameLeaf(kind: string, example: string): z.ZodType<string, string> {
  return patternLeaf(
    /^[A-Za-z0-9._-]+$/,
    example,
    (text) => `The ${kind} ${quoted(text)} has other characters than letters, digits, ".", "_" and "-"`,
  )
}

export function fieldNameLeaf(): z.ZodType<string, string> {
  return textLeaf({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", examples: ['accept-language'] }, (text) =>
    token.test(text)
      ? { kind: 'value', value: text.toLowerCase() }
      : refused(`${quoted(text)} cannot be the name of a field`, 'Write it as in "accept-language"'),
  )
}

/** A parameter's name, or the start of one and `*`. */
export function parameterLeaf(): z.ZodType<string, string> {
  return patternLeaf(
    /^(?:[^*\s&=#]+\*?|\*)$/,
    'utm_*',
    (text) => `${quoted(text)} names no query parameter: "*" stands at the end only`,
  )
}

export function urlLeaf(): z.ZodType<string, string> {
  return patternLeaf(
    /^https?:\/\/[^\s/?#]+[^\s#]*$/,
    'https://id.example/.well-known/jwks.json',
    (text) => `${quoted(text)} is no URL`,
  )
}

/** A text whose unit is often forgotten: YAML makes a bare one a number, for which the fix is known too. */
function withNumbers<Value>(
  hints: { pattern: string; examples: string[] },
  read: (text: string) => Leaf<Value>,
): z.ZodType<Value, string> {
  const leaf = textLeaf(hints, read)
  return z.preprocess((input) => (typeof input === 'number' ? String(input) : input), leaf) as unknown as z.ZodType<Value, string>
}

function readDuration(text: string): Leaf<Seconds> {
  const duration = parseDuration(text)
  return typeof duration === 'number' ? { kind: 'value', value: toSeconds(duration) } : refused(duration.problem, duration.fix)
}

function readLifetime(text: string): Leaf<Seconds> {
  const duration = readDuration(text)
  if (duration.kind === 'problem' || duration.value > 0) return duration
  return refused(`A lifetime of ${quoted(text)} stores what is never used`, 'Write a longer one, or "mode: off" to store nothing')
}

function readTemplate(text: string, allowGlob: boolean): Leaf<Template> {
  const parsed = parseTemplate(text, { allowGlob })
  if (parsed.kind === 'template') return { kind: 'value', value: parsed.template }
  const { message, fix, offset } = parsed.problem
  return refused(message, fix, offset)
}
