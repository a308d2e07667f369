/**
 * Durations and sizes as an operator writes them: `1h30m`, `250ms`, `64KiB`. Settings and rules share this one grammar. A number without
 * a unit is refused, because half of the readers would guess the other unit; every refusal says what to write instead.
 */
import { type Milliseconds, milliseconds } from './time.ts'

/** Why a text is no duration or size. Both are sentences without a full stop. */
export interface UnitProblem {
  readonly problem: string
  readonly fix: string
}

/** From the largest to the smallest, the order in which they are combined. */
const durationUnits: ReadonlyArray<readonly [name: string, milliseconds: number]> = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]

const sizeUnits: ReadonlyArray<readonly [name: string, bytes: number]> = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['B', 1],
]

/** What people write instead, in lower case. */
const durationSpellings: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ms: ['msec', 'msecs', 'milli', 'millis', 'millisecond', 'milliseconds'],
    s: ['sec', 'secs', 'second', 'seconds'],
    m: ['min', 'mins', 'minute', 'minutes'],
    h: ['hr', 'hrs', 'hour', 'hours'],
    d: ['day', 'days'],
    w: ['week', 'weeks'],
  }).flatMap(([unit, spellings]) => [unit, ...spellings].map((spelling): [string, string] => [spelling, unit])),
)

const sizeSpellings: ReadonlyMap<string, string> = new Map(
  Object.entries({
    B: ['b', 'byte', 'bytes'],
    KiB: ['k', 'kb', 'ki', 'kib'],
    MiB: ['m', 'mb', 'mi', 'mib'],
    GiB: ['g', 'gb', 'gi', 'gib'],
  }).flatMap(([unit, spellings]) => spellings.map((spelling): [string, string] => [spelling, unit])),
)

/** A hundred years: beyond it a lifetime means "forever", and sums with an instant would lose their milliseconds. */
const longestDuration = 36_500 * 86_400_000
const durationFix = 'Write a number and a unit of ms s m h d w, as in "90s" or "1h30m"'
const sizeFix = 'Write a whole number and a unit of B KiB MiB GiB, as in "64KiB"'

/** Parses `1h30m`: whole numbers, each with a unit of `ms s m h d w`, the larger unit first. */
export function parseDuration(text: string): Milliseconds | UnitProblem {
  if (/^\d+$/.test(text)) {
    return { problem: `${quote(text)} has no unit`, fix: `Write ${quote(`${text}s`)} for seconds; the units are ms s m h d w` }
  }
  if (/^-/.test(text)) return { problem: `${quote(text)} is negative`, fix: durationFix }
  if (!/^(?:\d+(?:ms|[smhdw]))+$/.test(text)) return { problem: `${quote(text)} is not a duration`, fix: respellDuration(text) }

  let total = 0
  let previous = Number.POSITIVE_INFINITY
  for (const [, digits, name] of text.matchAll(/(\d+)(ms|[smhdw])/g)) {
    const unit = unitNamed(durationUnits, name as string)
    if (unit >= previous) {
      return {
        problem: `${quote(text)} repeats a unit or names a smaller one first`,
        fix: 'Write the larger unit first, as in "1h30m"',
      }
    }
    previous = unit
    total += Number(digits) * unit
  }
  if (total > longestDuration) return { problem: `${quote(text)} is longer than a hundred years`, fix: 'Write "36500d" or less' }
  return milliseconds(total)
}

/** Parses `64KiB` into bytes: one whole number with a unit of `B KiB MiB GiB`. */
export function parseSize(text: string): number | UnitProblem {
  if (/^\d+$/.test(text)) {
    return { problem: `${quote(text)} has no unit`, fix: `Write ${quote(`${text}B`)} for bytes; the units are B KiB MiB GiB` }
  }
  if (/^-/.test(text)) return { problem: `${quote(text)} is negative`, fix: sizeFix }
  const match = /^(\d+)(B|KiB|MiB|GiB)$/.exec(text)
  if (match === null) return { problem: `${quote(text)} is not a size`, fix: respellSize(text) }
  const bytes = Number(match[1]) * unitNamed(sizeUnits, match[2] as string)
  if (!Number.isSafeInteger(bytes)) return { problem: `${quote(text)} is too large to count`, fix: 'Write "8388607GiB" or less' }
  return bytes
}

/** The shortest text that `parseDuration` reads as the same duration, to the millisecond: `1h30m`. */
export function formatDuration(duration: Milliseconds): string {
  let rest = Math.max(0, Math.round(duration))
  if (rest === 0) return '0s'
  let text = ''
  for (const [name, size] of durationUnits) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) text += `${count}${name}`
  }
  return text
}

/** The text that `parseSize` reads as the same number of bytes: the largest unit that divides it. */
export function formatSize(bytes: number): string {
  const whole = Math.max(0, Math.round(bytes))
  const [name, size] = sizeUnits.find(([, unit]) => whole > 0 && whole % unit === 0) ?? ['B', 1]
  return `${whole / size}${name}`
}

/** Names the duration that was meant, where one spelling away: `1.5 hours` is `1h30m`. */
function respellDuration(text: string): string {
  const match = /^\s*(\d{1,9}(?:\.\d{1,3})?)\s*([a-z]+)\s*$/i.exec(text)
  const name = match && durationSpellings.get((match[2] as string).toLowerCase())
  if (!match || name === undefined || name === null) return durationFix
  const meant = milliseconds(Number(match[1]) * unitNamed(durationUnits, name))
  return meant <= longestDuration ? `Write ${quote(formatDuration(meant))}` : durationFix
}

/** Names the size that was meant: `10kb` is `10KiB`, `1.5MiB` is `1536KiB`. */
function respellSize(text: string): string {
  const match = /^\s*(\d{1,9}(?:\.\d{1,3})?)\s*([a-z]+)\s*$/i.exec(text)
  const name = match && sizeSpellings.get((match[2] as string).toLowerCase())
  if (!match || name === undefined || name === null) return sizeFix
  const amount = Number(match[1])
  const meant = Number.isInteger(amount) ? `${amount}${name}` : formatSize(amount * unitNamed(sizeUnits, name))
  return `Write ${quote(meant)}; the units are B KiB MiB GiB`
}

function unitNamed(units: ReadonlyArray<readonly [string, number]>, name: string): number {
  return units.find(([unit]) => unit === name)?.[1] ?? Number.NaN
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
