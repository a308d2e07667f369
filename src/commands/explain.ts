/** `explain`: how a request would be answered, by the code that answers requests. A running proxy also knows what is stored; rules alone do not. */
import { readExplainRequest } from '../admin/explain-request.ts'
import { reasons } from '../observe/reasons.ts'
import type { Explanation } from '../proxy/explain.ts'
import { withFix } from '../rules/problem.ts'
import { seconds, toMilliseconds } from '../time.ts'
import { formatDuration } from '../units.ts'
import { adminFlags, connectAdmin } from './admin-client.ts'
import { listOf, textOf } from './arguments.ts'
import { formatPairs } from './columns.ts'
import { type Call, type Command, CommandFailure, printJson } from './command.ts'
import { explainOffline } from './explain-offline.ts'
import { formatLabel } from './label-words.ts'

export const explain: Command = {
  usage: '[METHOD] URL [--header "name: value"]… [--rules FILE]',
  about:
    'Says which rule matches, under which key, what is stored there and what would happen. Nothing is forwarded, stored or purged.\n' +
    'With --rules no proxy is asked: rules and request decide alone, as if nothing were stored.',
  flags: [
    { name: 'header', value: 'FIELD', isRepeatable: true, help: 'A field of the request, as in "authorization: Bearer …"' },
    { name: 'rules', value: 'FILE', help: 'Explain by these rules, without a proxy' },
    ...adminFlags,
  ],
  takes: { least: 1, most: 2 },
  examples: [
    "explain GET '/api/experiences?category=tours'",
    "explain /api/cart --header 'authorization: Bearer …' --rules rules.yaml",
  ],
  run,
}

async function run(call: Call): Promise<number> {
  const { flags, positionals, terminal } = call
  const [method, url] = positionals.length === 2 ? positionals : ['GET', positionals[0]]
  const query = new URLSearchParams({ method: String(method).toUpperCase(), url: String(url) })
  for (const header of listOf(flags, 'header')) query.append('header', header)
  const request = readExplainRequest(query, 'localhost:8080')
  if ('error' in request) throw new CommandFailure(2, withFix(request.error, request.fix))
  const file = textOf(flags, 'rules')
  const explanation =
    file === undefined
      ? (await connectAdmin(call).ask<Explanation>({ path: `/explain?${query}` })).body
      : await explainOffline(call, file, request)
  if (flags['json'] === true) printJson(terminal, explanation)
  else terminal.out(`${request.method} ${url}\n${describe(explanation)}`)
  return 0
}

const outcomes: Readonly<Record<Explanation['outcome'], string>> = {
  serve: 'answered from the store',
  'serve-stale': 'answered stale from the store, and refreshed behind it',
  validate: 'the origin is asked whether what is stored is still current',
  complete: 'a part is stored, and the origin is asked for what is missing',
  fetch: 'fetched from the origin',
  refuse: 'refused',
  pass: 'passed to the origin, past the store',
  write: 'forwarded to the origin as a write',
}

const credentials: Readonly<Record<NonNullable<Explanation['credentials']>, string | undefined>> = {
  'none-allowed': 'the request has none',
  stripped: 'none are sent to the origin: the answer is for everybody',
  'identity-only': 'the identity’s own are sent to the origin, no others',
  forwarded: 'sent as they came',
}

function describe(explanation: Explanation): string {
  const { rule, outcome, reason, key, forwardTarget, identity, labels, purges, purging, notes } = explanation
  return formatPairs([
    ['rule', rule],
    ['outcome', outcomes[outcome]],
    ['reason', `${reason}: ${reasons[reason].help}`],
    ['key', key],
    ['forwarded as', forwardTarget],
    ['credentials', explanation.credentials && credentials[explanation.credentials]],
    ['identity', identity],
    ['stored', describeEntry(explanation)],
    ['labels', labels?.map(formatLabel)],
    ['triggers', purges],
    ['purges', describePurging(explanation)],
    ['again after', purging?.settles.map((settle) => formatDuration(toMilliseconds(seconds(settle))))],
    ['not recorded', purging?.onPurgeFailure === 'refuse' ? 'the write is answered 503 and not forwarded' : undefined],
    ['note', notes],
  ])
}

/** What the head of the request does not tell, the body or the answer will: then it is less. */
function describePurging({ purging }: Explanation): readonly string[] | undefined {
  if (purging === undefined) return undefined
  const widened = purging.widened === 0 ? [] : [`(at most: ${purging.widened} of its names need a body, or have no value)`]
  return [...purging.labels.map(formatLabel), ...widened]
}

function describeEntry({ entry }: Explanation): string | undefined {
  if (entry === undefined) return undefined
  const { status, ageSeconds, ttlSeconds, lifetimeSeconds, source, validity } = entry
  const lifetime = lifetimeSeconds === undefined ? 'forever' : `${lifetimeSeconds} s`
  const left = ttlSeconds === undefined ? '' : `, ${ttlSeconds} s left`
  return `status ${status}, ${ageSeconds} s old, lifetime ${lifetime} (${source})${left}, ${validity}`
}
