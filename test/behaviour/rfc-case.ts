/**
 * One case of RFC 9111 as data: what the origin answered first, how long ago, what is asked now, and whether the stored answer may be given. All
 * cases of a topic run behind one proxy without rules, each on a path of its own, on either store.
 */
import type { Test } from 'tap'
import type { Asked, Reply } from '../fixtures/house.ts'
import { onEachStore, openScene, type Scene } from '../fixtures/scene.ts'
import type { Answer } from '../fixtures/scripted-origin.ts'

/** HTTP's date so many seconds from now, as the case's clock has it. */
export type DateAt = (seconds: number) => string

/** A date is given as the seconds from now. */
type Value = string | number

export interface RfcCase {
  readonly says: string
  /** The first answer: its status and fields. It has a Date, unless it brings its own. */
  readonly status?: number
  readonly fields: readonly Value[]
  /** What was asked first, and what is asked `after` so many seconds. */
  readonly asked?: Asked
  readonly after?: number
  readonly again?: Asked
  /** How the origin answers the second time; "two" without more. `hangs-up`: not at all. */
  readonly next?: Answer | 'hangs-up'
  /** `one` and `two` are the bodies of the first and the second answer. */
  readonly gives: 'one' | 'two' | 'one, stale' | 'one, validated' | 304 | 502 | 504
  /** Fields of the answer that is given; undefined: not there. */
  readonly shows?: Readonly<Record<string, string | undefined>>
}

/** `rfc`: the section of the rules. */
export function onBothStores(t: Test, topic: string, cases: readonly RfcCase[], rfc = '{}'): void {
  onEachStore(t, topic, async (t, redis) => {
    const scene = await openScene(t, { rules: `unmatched: rfc\nrfc: ${rfc}\nrules: []`, redis, config })
    for (const [i, each] of cases.entries()) await play(t, scene, each, `/${i}`)
  })
}

/** Cases in which the origin hangs up must not open the circuit under the others. */
const config =
  'origin: { breaker: { consecutive_failures: 1000, minimum_exchanges: 1000 } }\nredis: { command_timeout: 10s, detached_ttl: 1m }'

async function play(t: Test, scene: Scene, each: RfcCase, path: string): Promise<void> {
  const { ask, clock, origin } = scene
  const { says, status = 200, after = 0 } = each
  const at: DateAt = (seconds) => new Date(clock.now() + seconds * 1000).toUTCString()
  origin.script(({ reply }) => reply({ status, headers: dated(each.fields, at), body: 'one' }))
  const first = await ask(path, each.asked)
  clock.advance(after * 1000)
  origin.script(({ reply, cut }) => {
    if (each.next === 'hangs-up') return cut()
    const next: Answer = each.next ?? {}
    const body = next.status === 304 ? '' : 'two'
    reply({ body, ...next, headers: dated(flat(next.headers), at) })
  })
  const before = origin.count()
  const reply = await ask(path, each.again ?? (each.asked?.method === undefined ? each.asked : {}))
  t.match(outcomeOf(reply), each.gives, says)
  // One that hangs up is asked a second time where the connection was an old one; a stale answer is refreshed behind it.
  const isKnown = each.gives === 'one' || each.gives === 304 || (each.gives === 504 && each.next === undefined)
  if (each.next !== 'hangs-up') t.equal(origin.count() - before, isKnown ? 0 : 1, `${says}: how often the origin was asked`)
  checkReport(t, each, { first, reply })
  for (const [name, value] of Object.entries(each.shows ?? {})) t.equal(reply.field(name), value, `${says}: ${name}`)
}

/** What came, as Cache-Status tells it and as the body proves. */
function outcomeOf({ status, text, cacheStatus }: Reply): string | number {
  if (status === 304 || status === 502 || status === 504) return status
  const isHit = cacheStatus.startsWith('hit')
  if (/detail=revalidated/.test(cacheStatus)) return `${text}, validated`
  if (/^hit; ttl=-|detail=stale-if-error/.test(cacheStatus)) return `${text}, stale`
  return isHit === (text === 'one') ? text : `${text} as ${cacheStatus}`
}

/** What Cache-Status says in full, by what is given. */
const reports: Readonly<Record<RfcCase['gives'], RegExp>> = {
  one: /^hit; ttl=\d+; detail=fresh$/,
  304: /^hit; ttl=\d+; detail=fresh$/,
  'one, stale':
    /^hit; ttl=-\d+; detail=stale-while-revalidate$|^fwd=(stale|request)(; fwd-status=5\d\d)?; detail=stale-if-error$/,
  'one, validated': /^fwd=(stale|request); fwd-status=304(; stored)?; detail=revalidated$/,
  two: /^fwd=(uri-miss|vary-miss|stale|request|bypass)(; fwd-status=\d{3})?(; stored)?; detail=[a-z-]+$/,
  502: /^fwd=[a-z-]+(; fwd-status=502)?; detail=[a-z-]+$/,
  504: /^fwd=[a-z-]+(; fwd-status=504)?; detail=[a-z-]+$/,
}

/** Whatever a case is about: what was done is told, what is from the store has its age and the origin's Date, and nothing else has an Age of ours. */
function checkReport(t: Test, each: RfcCase, { first, reply }: { readonly first: Reply; readonly reply: Reply }): void {
  const { says, fields, after = 0, gives } = each
  t.match(reply.cacheStatus, reports[gives], `${says}: Cache-Status`)
  if (gives === 'two' || gives === 502 || gives === 504) return void t.equal(reply.age, undefined, `${says}: no Age`)
  if (gives === 'one, validated') return void t.equal(reply.age, '0', `${says}: Age`)
  // One that cannot be read is replaced by the time it came (RFC 9110 §6.6.1).
  const date = first.field('date') ?? ''
  if (!Number.isNaN(Date.parse(date))) t.equal(reply.field('date'), date, `${says}: Date`)
  const isOlder = fields.some((name, i) => i % 2 === 0 && /^(age|date)$/i.test(String(name)))
  const age = Number(reply.age)
  t.ok(isOlder ? age >= Math.floor(after) : age === Math.floor(after), `${says}: Age ${reply.age}`)
}

function dated(fields: readonly Value[], at: DateAt): string[] {
  const told = fields.map((value) => (typeof value === 'number' ? at(value) : value))
  const hasDate = told.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'date')
  return hasDate ? told : ['Date', at(0), ...told]
}

function flat(headers: Answer['headers'] = []): string[] {
  return Array.isArray(headers) ? [...headers] : Object.entries(headers).flat()
}
