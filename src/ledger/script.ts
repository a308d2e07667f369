/** How the ledger's script is called, and what it answers. One call is one step: nothing comes between its parts. */
import type { Label } from '../cache/label.ts'
import { allLabel } from '../cache/label.ts'
import type { LastPurge, Reading, Stamp } from '../cache/validity.ts'
import type { RedisConnection } from '../redis/connection.ts'
import { defineScript, runScript } from '../redis/script.ts'
import { type Instant, instant, type Milliseconds, type Seconds, seconds, toMilliseconds } from '../time.ts'
import type { LedgerBounds } from './bounds.ts'
import { digestLabel } from './digest.ts'
import { freshEpoch } from './epoch.ts'
import { ledgerScript } from './lua.ts'
import { parseLabels } from './record.ts'

/**
 * `hard` and `soft` purge. `tick`: this instance lives, under these rules; what is due is purged. `intend-…` records, and `forget` drops, what is
 * to be purged later. `leave`: it will not tick any more.
 */
export type Operation = 'tick' | 'hard' | 'soft' | 'intend-hard' | 'intend-soft' | 'forget' | 'leave'

export interface ScriptCall {
  readonly operation: Operation
  readonly labels: readonly Label[]
  /** The highest number seen in an epoch, which Redis must not fall behind. */
  readonly seen: Stamp | undefined
  readonly bounds: LedgerBounds
  /** Of a soft purge, on the clock that the entries' ages are computed from. */
  readonly now: Instant
  /** Who calls. */
  readonly member: Member
  /** Which is recorded, dropped, or fulfilled by a purge. */
  readonly intent?: string | undefined
  /** When an intent is due. */
  readonly after?: Milliseconds | undefined
}

export interface Member {
  readonly id: string
  /** The label of the rules in force. */
  readonly rules: Label
  /** How long rules count as in force somewhere after an instance with them has ticked: longer than any lease. */
  readonly rulesLiveFor: Milliseconds
}

export interface ScriptReply {
  readonly epoch: string
  readonly seq: number
  readonly labels: number
  /** The highest number that any label named here had before. */
  readonly previous: number
  readonly folded: number
  /** Age of the youngest folded number, rounded down to a mark. */
  readonly foldedAge: Seconds
  /** Whether all members had been silent, so that `all` was purged. */
  readonly wereAllSilent: boolean
  /** Intents that were due and are purged. */
  readonly completed: number
  /** Labels of other rules in force that this purge took along. */
  readonly others: readonly Label[]
}

export interface LedgerKeys {
  readonly ledger: string
  readonly stream: string
  readonly members: string
  readonly intents: string
  readonly due: string
}

/** All in the slot of the tag. */
export function keysOf(prefix: string): LedgerKeys {
  const ledger = `${prefix}:{ledger}`
  return { ledger, stream: `${ledger}:stream`, members: `${ledger}:members`, intents: `${ledger}:intents`, due: `${ledger}:due` }
}

const script = defineScript(ledgerScript)

/** Rejects as `RedisConnection.send` does, and where the reply is none of ours. */
export async function runLedgerScript(connection: RedisConnection, keys: LedgerKeys, call: ScriptCall): Promise<ScriptReply> {
  const all = [keys.ledger, keys.stream, keys.members, keys.intents, keys.due]
  return parseReply(await connection.send((redis) => runScript(redis, script, { keys: all, values: scriptArguments(call) })))
}

export function scriptArguments(call: ScriptCall): string[] {
  const { bounds, seen, member } = call
  return [
    call.operation,
    String(freshEpoch()),
    seen?.epoch ?? '0',
    String(seen?.number ?? 0),
    String(bounds.labels),
    String(clamp(toMilliseconds(bounds.longestLife))),
    String(clamp(toMilliseconds(bounds.longestWindow))),
    String(Math.floor(call.now)),
    digestLabel(allLabel),
    member.id,
    digestLabel(member.rules),
    member.rules,
    call.intent ?? '',
    String(clamp(call.after ?? 0)),
    String(clamp(member.rulesLiveFor)),
    call.labels.map((label) => JSON.stringify(label)).join(),
    ...call.labels.map(digestLabel),
  ]
}

export function parseReply(reply: unknown): ScriptReply {
  if (!Array.isArray(reply) || reply.length !== 9) throw new TypeError('Ledger script answered in another form')
  const [epoch = 0, seq = 0, labels = 0, previous = 0, folded = 0, foldedAge = 0, silent = 0, completed = 0] = reply
    .slice(0, 8)
    .map(Number)
  return {
    epoch: String(epoch),
    seq,
    labels,
    previous,
    folded,
    foldedAge: seconds(foldedAge / 1000),
    wereAllSilent: silent > 0,
    completed,
    others: parseLabels(String(reply[8])) ?? [allLabel],
  }
}

/** What is read, in one ZMSCORE: the epoch and the counter, then of each label hard, soft, time. */
export function membersOf(labels: readonly Label[]): string[] {
  const members = ['#epoch', '#seq']
  for (const label of labels) {
    const digest = digestLabel(label)
    members.push(digest, `${digest}~`, `${digest}@`)
  }
  return members
}

/** What came of it. */
export function readingOf(labels: readonly Label[], scores: ReadonlyArray<string | null>): Reading {
  const [minusEpoch = 0, seq = 0, ...numbers] = scores.map(Number)
  const purges = new Map<Label, LastPurge>()
  for (const [i, label] of labels.entries()) {
    const [hard = 0, soft = 0, time = 0] = numbers.slice(3 * i, 3 * i + 3)
    purges.set(label, { hard, soft, softAt: instant(Math.abs(time)) })
  }
  return { epoch: String(-minusEpoch), seq, purges }
}

/** Longer than anything lives, and exact in a score. */
function clamp(duration: number): number {
  return Math.min(Math.max(0, Math.ceil(duration)), 1e14)
}
