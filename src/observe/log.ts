/**
 * The log: JSON lines by pino. One access line per request, events by a constant name, and one line per change of a state. What comes from
 * outside appears as a string member only, never in the message, so nobody can write lines of their own.
 */
import { hash } from 'node:crypto'
import { type DestinationStream, destination, pino } from 'pino'
import type { Milliseconds } from '../time.ts'
import { outcomeOf, type Reason } from './reasons.ts'
import { redact } from './redact.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'

export interface LogOptions {
  readonly level: 'trace' | Level | 'fatal' | 'silent'
  /** The part (0 to 1) of the hits that get an access line. */
  readonly sampleHits: number
  /** Stands in every line of a process that is one of several. */
  readonly worker?: number
}

/** One request, once its answer is complete. */
export interface AccessLine {
  readonly rule: string
  readonly reason: Reason
  readonly status: number
  /** Undefined for what was no request of HTTP. */
  readonly method: string | undefined
  /** Logged as its digest: keys hold what users asked for. Undefined when there was none. */
  readonly key: string | undefined
  readonly duration: Milliseconds
  /** How long the origin took; undefined when it was not asked. */
  readonly originDuration: Milliseconds | undefined
  readonly bytes: number
}

export interface Log {
  access(line: AccessLine): void
  /** `name` is a constant of the code: `stored`, `purged`, `rules-reloaded`. Secrets among the members are redacted, a `key` becomes a digest. */
  event(level: Level, name: string, members?: Readonly<Record<string, unknown>>): void
  /** Logs `state` when it differs from the last one reported under `name`: trouble is said when it begins and when it ends. */
  reportChange(name: string, state: string, members?: Readonly<Record<string, unknown>>): void
  /** Resolves when every line so far has been written. */
  flush(): Promise<void>
}

/** States in which nothing is wrong. */
const wellStates: ReadonlySet<string> = new Set(['reachable', 'ready', 'attached', 'closed'])

/** Writes to standard output, or to `sink`. */
export function createLog(options: LogOptions, sink?: DestinationStream): Log {
  const stream = sink ?? openStandardOutput(options.worker !== undefined)
  const logger = pino(
    {
      level: options.level,
      base: options.worker === undefined ? null : { worker: options.worker },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    stream,
  )
  const isSampled = createSampler(options.sampleHits)
  const states = new Map<string, string>()

  return {
    access(line) {
      if (!logger.isLevelEnabled('info')) return
      const outcome = outcomeOf(line.reason)
      if (outcome === 'hit' && !isSampled()) return
      const { rule, reason, status, method, key, duration, originDuration, bytes } = line
      logger.info(
        {
          rule,
          outcome,
          reason,
          status,
          // A method is whatever token the client sent.
          method: method?.slice(0, 32),
          keyHash: digest(key),
          ms: round(duration),
          originMs: originDuration === undefined ? undefined : round(originDuration),
          bytes,
        },
        'access',
      )
    },
    event(level, name, members = {}) {
      if (!logger.isLevelEnabled(level)) return
      const { key, ...others } = members
      const keyHash = typeof key === 'string' ? digest(key) : undefined
      logger[level]({ ...(redact(others) as object), keyHash }, name)
    },
    reportChange(name, state, members = {}) {
      const before = states.get(name)
      if (before === state) return
      states.set(name, state)
      logger[wellStates.has(state) ? 'info' : 'warn']({ what: name, state, before, ...(redact(members) as object) }, 'change')
    },
    flush: () => new Promise((resolve) => logger.flush(() => resolve())),
  }
}

/**
 * Lines are gathered and written behind the caller's back, a tenth of a second later at most: a write for each costs more than the hit it tells
 * of, and a reader that stalls must not stall requests. What waits is bounded, and dropped above that; a log that cannot be written at all (a
 * full disk) stops no answer either. pino writes the rest when the process exits.
 */
function openStandardOutput(isShared: boolean): DestinationStream {
  // Whole lines in writes of at most 4 KiB do not get mixed with those of others in a pipe.
  const lengths = isShared ? { minLength: 2 * 1024, maxWrite: 4 * 1024 } : { minLength: 8 * 1024 }
  const stream = destination({ fd: 1, sync: false, ...lengths, maxLength: 16 * 1024 * 1024, periodicFlush: 100 })
  stream.on('error', () => {})
  return stream
}

/** True for this part of the calls, evenly: neither random nor the first of each burst. */
function createSampler(part: number): () => boolean {
  let credit = part > 0 ? 1 - part : 0
  return () => {
    credit += part
    // A sum of many tenths falls short of one by an epsilon.
    if (credit < 1 - 1e-9) return false
    credit -= 1
    return true
  }
}

/** Short enough to read, long enough to find the lines of one key. */
function digest(key: string | undefined): string | undefined {
  return key === undefined ? undefined : hash('sha256', key, 'hex').slice(0, 16)
}

/** Milliseconds to the microsecond. */
function round(duration: Milliseconds): number {
  return Math.round(duration * 1000) / 1000
}
