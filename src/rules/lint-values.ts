/** Whether the values of a template exist where it is rendered: a parameter that the path has, a body that the method has, an answer that came. */
import { type Finding, quoted } from './problem.ts'
import type { Rule, RuleSet } from './rule.ts'
import type { Site } from './site.ts'
import { nearest } from './spelling.ts'
import type { Part, Template } from './template.ts'
import { formatReference } from './values.ts'

type ValuePart = Extract<Part, { kind: 'value' }>

interface Advice {
  readonly what: string
  readonly fix: string
}

export function lintValues(rules: RuleSet, sites: readonly Site[]): Finding[] {
  return sites.flatMap((site) =>
    placedValues(site.template).flatMap(({ part, offset }): Finding[] => {
      const advice = checkValue(part, site, rules)
      return advice === undefined ? [] : [{ path: site.path, offset, severity: 'error', ...advice }]
    }),
  )
}

/** The values of a template and where their "{" stands in what the operator wrote. */
export function placedValues(template: Template): Array<{ part: ValuePart; offset: number }> {
  const placed: Array<{ part: ValuePart; offset: number }> = []
  let at = 0
  for (const part of template.parts) {
    if (part.kind === 'text') continue
    const offset = Math.max(0, template.source.indexOf('{', at))
    placed.push({ part, offset })
    at = offset + 1
  }
  return placed
}

function checkValue({ value }: ValuePart, site: Site, rules: RuleSet): Advice | undefined {
  const name = `"{${formatReference(value)}}"`
  const isOfAnswer = value.root === 'response.json' || value.root === 'response.header' || value.root === 'status'
  if (isOfAnswer && site.kind === 'key') {
    return {
      what: `${name} does not exist before the origin answers`,
      fix: 'Make the key of the request alone; "tags" may use the answer',
    }
  }
  if (value.isList && site.kind === 'key') {
    return {
      what: `${name} is several values, and an entry has one key`,
      fix: 'Name the whole list, without "[*]", or move it to "tags"',
    }
  }
  if (value.root === 'params') return checkParameter(value.path[0] ?? '', site.rule)
  if (value.root === 'user' && rules.identity === undefined) {
    return {
      what: `${name} needs an identity`,
      fix: 'Write "identity: { from: [jwt.sub], jwt: { secret_env: JWT_SECRET } }" above the rules',
    }
  }
  if (value.root === 'jwt' && rules.identity?.jwt === undefined) {
    return { what: `${name} needs a token that can be verified`, fix: 'Write "jwt: { secret_env: JWT_SECRET }" under "identity"' }
  }
  if (value.root === 'request.json' && !mayHaveBody(site.rule)) {
    return {
      what: `${name} does not exist: the rule's requests have no body`,
      fix: 'Take a value of "params" or "query" instead',
    }
  }
  return undefined
}

function checkParameter(name: string, rule: Rule): Advice | undefined {
  const known = rule.match.path.flatMap((part) => (part.kind === 'text' ? [] : [part.kind === 'rest' ? 'rest' : part.name]))
  if (known.includes(name)) return undefined
  const what =
    name === 'rest' ? '"{params.rest}" is what a final "*" stands for, and the path has none' : `The path has no ":${name}"`
  if (known.length === 0) return { what, fix: `Name the segment in the path, as in "/:${name}"` }
  const meant = nearest(name, known)
  return {
    what,
    fix: `Write ${meant === undefined ? known.map((one) => quoted(`{params.${one}}`)).join(' or ') : quoted(`{params.${meant}}`)}`,
  }
}

function mayHaveBody({ match }: Rule): boolean {
  return match.methods === undefined || [...match.methods].some((method) => method !== 'GET' && method !== 'HEAD')
}
