/** What the process that was started and its workers say to each other. Both are this program, so nothing here is parsed with suspicion. */
import type { Question } from '../admin/worker-operator.ts'
import type { FromHub, ToHub } from '../ledger/siblings.ts'
import type { RuleDefaults } from '../rules/compile.ts'
import type { Settings } from '../settings/settings.ts'

export interface WorkerStart {
  readonly settings: Settings
  /** What every worker reads, whatever has become of the file since. */
  readonly rules: { readonly text: string; readonly name: string; readonly defaults: RuleDefaults }
  /** From 1; a worker that takes the place of another has its number. */
  readonly number: number
}

export type ToWorker =
  | { readonly kind: 'start'; readonly start: WorkerStart }
  | { readonly kind: 'rules'; readonly text: string }
  | { readonly kind: 'stop' }
  | { readonly kind: 'hub'; readonly message: FromHub }
  | { readonly kind: 'question'; readonly id: number; readonly question: Question }

export type FromWorker =
  | { readonly kind: 'ready'; readonly address: string; readonly store: 'memory' | 'redis' }
  /** It cannot start; the message says what to change. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'hub'; readonly message: ToHub }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'fault'; readonly id: number; readonly message: string }

/** Set for workers alone. */
export const workerVariable = 'SPRINGHOUSE_WORKER'
