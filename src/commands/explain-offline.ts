/** An explanation by rules alone: the route of a request and the labels of its answer, as if nothing were stored. */
import { resolve } from 'node:path'
import { unmatchedRule } from '../cache/entry.ts'
import type { Request } from '../http/request.ts'
import { type Explanation, explainPurges, explainWrite } from '../proxy/explain.ts'
import { enforce } from '../proxy/in-force.ts'
import { joinLabels } from '../proxy/lookup.ts'
import { route } from '../proxy/route.ts'
import type { Facts } from '../proxy/way.ts'
import { parseRules } from '../rules/parse.ts'
import { formatProblem } from '../rules/problem.ts'
import type { RuleSet } from '../rules/rule.ts'
import { systemClock } from '../time.ts'
import { type Call, CommandFailure } from './command.ts'
import { loadConfiguration } from './configuration.ts'
import { readNamedFile } from './named-file.ts'

export async function explainOffline(call: Call, file: string, request: Request): Promise<Explanation> {
  const { variables } = call.environment
  const set = readRules(call, file)
  const { origin } = loadConfiguration(call).settings
  const notes = ['Nothing was looked up: the rules alone say this']
  const keys = set.identity?.jwt?.keys
  const isSecretMissing = keys?.kind === 'secret' && !variables[keys.env]
  if (keys?.kind === 'secret' && isSecretMissing) notes.push(`${keys.env} is not set: no token can be verified`)
  const inForce = enforce(set, { paths: origin.paths, secret: (name) => variables[name] ?? '' })
  const now = systemClock.now()
  const identified = await inForce.identities?.identify(request.fields, now)
  const facts: Facts = identified === undefined ? {} : { identified }
  const identity = identified === undefined ? {} : { identity: identified.kind }
  const way = route({ request, hasBody: false, inForce, originHost: origin.host, facts, now })
  const occasion = { request, inForce, originHost: origin.host }
  switch (way.kind) {
    case 'wanting':
      return { rule: unmatchedRule, way: 'pass', outcome: 'pass', reason: 'body-not-keyed', ...identity, notes }
    case 'pass':
      return { rule: way.rule, way: 'pass', outcome: 'pass', reason: way.reason, ...identity, notes }
    case 'write': {
      const explained = explainWrite(occasion, way, identified)
      return { ...explained, notes: [...explained.notes, ...notes] }
    }
    case 'read':
      return {
        rule: way.name,
        way: 'read',
        outcome: 'fetch',
        reason: 'uri-miss',
        key: way.primaryKey,
        forwardTarget: way.forwardTarget,
        credentials: way.credentials,
        labels: joinLabels(way, inForce),
        ...(way.purges.length === 0 ? {} : explainPurges(occasion, { purges: way.purges, identified, isUriInvalidated: false })),
        ...identity,
        notes,
      }
  }
}

function readRules({ environment }: Call, file: string): RuleSet {
  const read = readNamedFile(resolve(environment.cwd, file), file)
  if (read.kind !== 'text') throw new CommandFailure(2, read.problem)
  const { text } = read
  const parsed = parseRules(text, file)
  if (parsed.kind === 'rules') return parsed.rules
  throw new CommandFailure(
    2,
    ['The rules are wrong', ...parsed.problems.map((problem) => formatProblem(problem, text))].join('\n'),
  )
}
