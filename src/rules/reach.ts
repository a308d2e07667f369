/**
 * Which rules a purge can reach when it cannot name the entry: those whose templates could have produced the text. Errs towards too many.
 */
import { unmatchedRule } from '../cache/entry.ts'
import { type Label, madeLabel, ruleLabel } from '../cache/label.ts'
import { canBeEqual, isOpen } from './overlap.ts'
import type { Rule, RuleSet } from './rule.ts'
import type { Template } from './template.ts'

/** How requests that no rule matched are keyed: "uri:" and the escaped path. */
const unmatchedKey: Template = {
  source: 'uri:{path}',
  parts: [
    { kind: 'text', text: 'uri:' },
    { kind: 'value', value: { root: 'path', path: [], isList: false }, fallback: undefined },
  ],
}

/** Labels of the rules whose keys `pattern` can name; its text may contain globs, its values stand for anything. */
export function rulesOfKey(pattern: Template, set: RuleSet): Label[] {
  const names = set.rules.filter(({ cache }) => cache !== undefined && canBeEqual(pattern, cache.key)).map(({ name }) => name)
  if (canBeEqual(pattern, unmatchedKey)) names.push(unmatchedRule)
  return names.map(ruleLabel)
}

/** Labels of the rules whose entries can carry a tag that `pattern` can name. */
export function rulesOfTag(pattern: Template, set: RuleSet): Label[] {
  return set.rules
    .filter(({ cache }) => cache?.tags.some((template) => canName(pattern, template)))
    .map(({ name }) => ruleLabel(name))
}

/** For whoever waits for an answer whose tags are not known yet: the rules whose answers can make this tag. */
export function makersOfTag(pattern: Template, set: RuleSet): Label[] {
  const makers = set.rules.filter(({ cache }) => cache?.tags.some((template) => isMade(template) && canName(pattern, template)))
  return makers.map(({ name }) => madeLabel(name))
}

/** Whether tags of this rule's entries are known only once the answer is there. */
export function mayHaveResponseTags(rule: Rule): boolean {
  return rule.cache?.tags.some(isMade) ?? false
}

export function textTemplate(text: string): Template {
  return { source: text, parts: [{ kind: 'text', text }] }
}

function canName(pattern: Template, template: Template): boolean {
  return isOpen(pattern) || isOpen(template) || canBeEqual(pattern, template)
}

function isMade({ parts }: Template): boolean {
  return parts.some((part) => part.kind === 'value' && (part.value.root.startsWith('response.') || part.value.root === 'status'))
}
