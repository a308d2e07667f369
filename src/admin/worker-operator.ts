/**
 * What an operator may ask of one of several workers: all of it answered later and as plain data, so that question and answer can travel between
 * processes.
 */
import type { Metrics, Snapshot } from '../observe/metrics.ts'
import type { Summary } from '../observe/summary.ts'
import type { Parts } from '../proxy/parts.ts'
import type { Admin } from './admin.ts'

export interface WorkerOperator extends Pick<Admin, 'health' | 'purge' | 'preview' | 'list' | 'show' | 'explain'> {
  /** Which of these keys, as listed, it has something under. */
  holds(keys: readonly string[]): Promise<readonly boolean[]>
  summary(): Promise<Summary>
  reset(): Promise<void>
  snapshot(): Promise<Snapshot>
}

export interface Question {
  readonly name: keyof WorkerOperator
  readonly args: readonly unknown[]
}

export function createWorkerOperator(
  admin: Admin,
  { metrics, parts }: { readonly metrics: Metrics; readonly parts: Parts },
): WorkerOperator {
  return {
    health: admin.health,
    purge: admin.purge,
    preview: admin.preview,
    list: admin.list,
    show: admin.show,
    explain: admin.explain,
    async holds(keys) {
      const { prefix } = parts.inForce().set
      const stored = await Promise.all(keys.map((key) => parts.store.get(`${prefix}:${key}`)))
      return stored.map((found) => found !== undefined)
    },
    summary: admin.metrics.summary,
    reset: admin.metrics.reset,
    snapshot: () => metrics.snapshot(),
  }
}

export function answerQuestion(operator: WorkerOperator, { name, args }: Question): Promise<unknown> {
  return (operator[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args)
}

/** The same operator elsewhere, reached by questions. */
export function askingOperator(ask: (question: Question) => Promise<unknown>): WorkerOperator {
  const asking =
    <Name extends keyof WorkerOperator>(name: Name) =>
    (...args: Parameters<WorkerOperator[Name]>) =>
      ask({ name, args }) as ReturnType<WorkerOperator[Name]>
  return {
    health: asking('health'),
    purge: asking('purge'),
    preview: asking('preview'),
    list: asking('list'),
    show: asking('show'),
    explain: asking('explain'),
    holds: asking('holds'),
    summary: asking('summary'),
    reset: asking('reset'),
    snapshot: asking('snapshot'),
  }
}
