/**
 * The rules in force: one version of rules.yaml, compiled, with what is derived from it and remembered under it. A reload makes a new one and
 * swaps it whole, so that no request ever sees half of two versions.
 */
import type { Entry } from '../cache/entry.ts'
import { type Lifetime, lifetimeOf } from '../cache/freshness.ts'
import { rulesLabel } from '../cache/label.ts'
import type { Policy } from '../cache/policy.ts'
import { compileMatcher, type Matcher } from '../rules/match.ts'
import { cacheNeeds, isOfTargetAlone, type Needs, purgeNeeds } from '../rules/needs.ts'
import { mayHaveResponseTags } from '../rules/reach.ts'
import type { Rule, RuleSet } from '../rules/rule.ts'
import { Identities } from './identity.ts'
import type { Read } from './way.ts'

export interface InForce {
  readonly set: RuleSet
  readonly matcher: Matcher
  readonly identities: Identities | undefined
  readonly traits: ReadonlyMap<Rule, Traits>
  /** Carried by every entry made under these rules. */
  readonly label: string
  /** Host and target → how it is read, for rules whose keys depend on nothing else. Bounded; dies with the rules. */
  readonly remembered: Map<string, Read>
  /**
   * Place of the first rule whose match looks at more than method, host and target: what is decided from there on is not remembered. 0 where such
   * a rule purges behind GET, which it may do behind any read.
   */
  readonly conditionalFrom: number
  /** An entry's lifetime under its policy, worked out once. */
  lifetimeOf(entry: Entry, policy: Policy): Lifetime
}

export interface Traits {
  readonly cacheNeeds: Needs
  readonly purgeNeeds: Needs
  /** Equal host and target always match this rule, with the same key and request-made tags. */
  readonly isRememberable: boolean
  /** Some tags come from the answer. */
  readonly hasMadeTags: boolean
  /** The key itself already tells identities apart. */
  readonly isUserInKey: boolean
}

/** `secret` reads the environment variable that `jwt.secret_env` names. */
export function enforce(
  set: RuleSet,
  options: { readonly paths: 'lenient' | 'exact'; readonly secret: (name: string) => string },
): InForce {
  const conditionalFrom = firstConditional(set)
  return {
    set,
    matcher: compileMatcher(set, { paths: options.paths }),
    identities: set.identity === undefined ? undefined : new Identities(set.identity, options.secret),
    traits: new Map(set.rules.map((rule, place) => [rule, traitsOf(rule, place < conditionalFrom)])),
    label: rulesLabel(set.hash),
    remembered: new Map(),
    conditionalFrom,
    lifetimeOf: rememberLifetimes(),
  }
}

/** An entry never changes, so neither does its lifetime while the rules stand. The memory goes with the entry. */
function rememberLifetimes(): InForce['lifetimeOf'] {
  const known = new WeakMap<Entry, { readonly policy: Policy; readonly lifetime: Lifetime }>()
  return (entry, policy) => {
    const remembered = known.get(entry)
    if (remembered?.policy === policy) return remembered.lifetime
    const lifetime = lifetimeOf(entry, entry, policy)
    known.set(entry, { policy, lifetime })
    return lifetime
  }
}

function firstConditional(set: RuleSet): number {
  const isConditional = ({ match }: Rule): boolean => match.headers.size > 0 || match.json.size > 0
  const isBehindReads = ({ match, purge }: Rule): boolean => purge !== undefined && match.methods?.has('GET') !== false
  if (set.rules.some((rule) => isConditional(rule) && isBehindReads(rule))) return 0
  const place = set.rules.findIndex(isConditional)
  return place < 0 ? Number.POSITIVE_INFINITY : place
}

function traitsOf(rule: Rule, isUnconditional: boolean): Traits {
  const needs = cacheNeeds(rule)
  return {
    cacheNeeds: needs,
    purgeNeeds: purgeNeeds(rule),
    isRememberable: isUnconditional && isOfTargetAlone(needs) && rule.cache?.scope !== 'user',
    hasMadeTags: mayHaveResponseTags(rule),
    isUserInKey: rule.cache?.key.parts.some((part) => part.kind === 'value' && isUser(part)) === true,
  }
}

/** With a default, an absent identity would share the default's entry; there is none where `scope: user` holds. */
function isUser(part: { readonly value: { readonly root: string }; readonly fallback: string | undefined }): boolean {
  return part.value.root === 'user' && part.fallback === undefined
}
