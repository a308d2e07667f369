/**
 * What happened under one rule since the start or the last reset: plain numbers that the hot path adds to. No labels are hashed and nothing
 * is allocated per request; `metrics.ts` turns the numbers into series when it is asked.
 */
import { Histogram } from './histogram.ts'
import { type Outcome, outcomeOf, type Reason, reasons } from './reasons.ts'

/** Where an answer from the store came from; `none` when it did not come from there. */
export type Tier = 'none' | 'memory' | 'redis'

/**
 * How a purge ended: `purged` and `expired` (soft) as written, `widened` because a value was missing, `failed` because the ledger did
 * not take it.
 */
export type PurgeOutcome = 'purged' | 'expired' | 'widened' | 'failed'

type Counts<K extends string> = Record<K, number>

/**
 * Values of the label `rule` for what purges and is no rule of the file: RFC 9111 §4.4, and the operator. The brackets keep them apart from
 * rules, whose names have none.
 */
export const uriCause = '(uri)'
export const adminCause = '(admin)'

export class RuleTally {
  /** The rule's name, a value of the label `rule`. */
  readonly rule: string
  readonly answers: Readonly<Record<Tier, Counts<Reason>>> = { none: noAnswers(), memory: noAnswers(), redis: noAnswers() }
  /** Durations of whole exchanges, by outcome. */
  readonly durations: Readonly<Record<Outcome, Histogram>> = noDurations()
  readonly purges: Counts<PurgeOutcome> = { purged: 0, expired: 0, widened: 0, failed: 0 }
  /** Trouble that decided no answer (a put that failed, a refresh that came to nothing), by reason. */
  readonly troubles: Counts<Reason> = noAnswers()
  /** Entries stored, by tier. */
  readonly sets: Counts<Exclude<Tier, 'none'>> = { memory: 0, redis: 0 }
  /** Labels purged. */
  deletes = 0
  /** Followers that shared a leader's answer, whatever reason the leader had. */
  collapsed = 0

  constructor(rule: string) {
    this.rule = rule
  }

  /** Counts one answer, once it is complete. `duration` in seconds, from the request's head to the answer's end. */
  answered(reason: Reason, tier: Tier, duration: number): void {
    this.answers[tier][reason] += 1
    this.durations[outcomeOf(reason)].observe(duration)
  }

  /** How many answers had this reason, whatever the tier. */
  count(reason: Reason): number {
    return this.answers.none[reason] + this.answers.memory[reason] + this.answers.redis[reason]
  }

  /** How many answers had this outcome, whatever the tier. */
  total(outcome: Outcome): number {
    return reasonTokens.reduce((sum, reason) => (outcomeOf(reason) === outcome ? sum + this.count(reason) : sum), 0)
  }

  reset(): void {
    for (const counts of Object.values(this.answers)) zero(counts)
    zero(this.troubles)
    zero(this.purges)
    zero(this.sets)
    for (const histogram of Object.values(this.durations)) histogram.reset()
    this.deletes = 0
    this.collapsed = 0
  }
}

export const reasonTokens: readonly Reason[] = Object.keys(reasons) as Reason[]

function noAnswers(): Counts<Reason> {
  return Object.fromEntries(reasonTokens.map((reason) => [reason, 0])) as Counts<Reason>
}

function noDurations(): Record<Outcome, Histogram> {
  return {
    hit: new Histogram(),
    stale: new Histogram(),
    miss: new Histogram(),
    bypass: new Histogram(),
    error: new Histogram(),
    refused: new Histogram(),
    tunnel: new Histogram(),
  }
}

function zero<K extends string>(counts: Counts<K>): void {
  for (const key of Object.keys(counts) as K[]) counts[key] = 0
}
