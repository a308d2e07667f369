/** What the rules say together: every check that needs more than one value to look at. Pure; finds, and leaves it to others to say so. */
import { lintLabels } from './lint-labels.ts'
import { lintReach } from './lint-reach.ts'
import { lintRules } from './lint-rules.ts'
import { lintScope } from './lint-scope.ts'
import { lintValues } from './lint-values.ts'
import type { Finding } from './problem.ts'
import type { RuleSet } from './rule.ts'
import { type Site, sitesOf } from './site.ts'
import type { Source } from './source.ts'

type Check = (rules: RuleSet, sites: readonly Site[], source: Source) => readonly Finding[]

const checks: readonly Check[] = [lintRules, lintReach, lintValues, lintScope, lintLabels, lintComments]

export function lint(rules: RuleSet, source: Source): Finding[] {
  const sites = sitesOf(rules)
  return checks.flatMap((check) => check(rules, sites, source))
}

/** `key: x #c`: YAML takes "#c" for a comment, and says nothing. With a space behind the "#" it surely is one. */
function lintComments(_rules: RuleSet, sites: readonly Site[], source: Source): Finding[] {
  return sites
    .filter(({ path }) => source.isCutByComment(path))
    .map(({ path, template }) => {
      const what = 'YAML reads what follows the "#" as a comment'
      const fix = `Put quotes around all of it, or write a space behind the "#": ${JSON.stringify(template.source)} # …`
      return { path, severity: 'warning', what, fix }
    })
}
