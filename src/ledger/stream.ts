/**
 * Reads the purges of all instances as they happen, on a connection that may block. It is for speed alone: what it misses, the next tick finds
 * missing. Ends when it is stopped.
 */
import type { Stamp } from '../cache/validity.ts'
import type { RedisConnection } from '../redis/connection.ts'
import { type Clock, type Milliseconds, milliseconds, type Timer } from '../time.ts'
import { parseRecord, type StreamRecord } from './record.ts'

export interface StreamOptions {
  /** May block for `blockFor` beyond a command's time. */
  readonly connection: RedisConnection
  readonly key: string
  readonly clock: Clock
  /** What has been applied: what comes after it is asked for. Undefined: nothing is wanted yet. */
  readonly from: () => Stamp | undefined
  readonly take: (records: readonly StreamRecord[], from: Stamp) => void
}

export const blockFor: Milliseconds = milliseconds(1000)
const page = 1000
const pause = milliseconds(100)

export interface StreamReader {
  stop(): void
}

export function readStream(options: StreamOptions): StreamReader {
  const { connection, key, clock, from, take } = options
  let isStopped = false
  let timer: Timer | undefined
  let wake: () => void = () => {}

  async function run(): Promise<void> {
    while (!isStopped) {
      const asked = connection.state === 'ready' ? from() : undefined
      const records = asked === undefined ? undefined : await ask(asked.number)
      if (isStopped) return
      if (asked !== undefined && records !== undefined) take(records, asked)
      // Nobody answered, or with what is of no use: to ask for the same again at once would get the same.
      if (records === undefined || (records.length > 0 && from()?.number === asked?.number)) await rest()
    }
  }

  /** Undefined when there was no answer. */
  async function ask(number: number): Promise<readonly StreamRecord[] | undefined> {
    try {
      const reply: unknown = await connection.send((redis) =>
        redis.xread('COUNT', page, 'BLOCK', blockFor, 'STREAMS', key, `${number}-0`),
      )
      return recordsOf(reply)
    } catch {
      return undefined
    }
  }

  function rest(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve
      timer = clock.after(pause, resolve)
    })
  }

  void run()
  return {
    stop() {
      isStopped = true
      timer?.cancel()
      wake()
    },
  }
}

/** Of the one stream that was asked for; none when nothing came in time. */
function recordsOf(reply: unknown): StreamRecord[] {
  const [stream] = Array.isArray(reply) ? reply : []
  const [, entries] = Array.isArray(stream) ? stream : []
  return Array.isArray(entries) ? entries.map(parseRecord) : []
}

/** What came after a number, up to a page of it. Rejects as `send` does. */
export async function readMissing(connection: RedisConnection, key: string, number: number): Promise<StreamRecord[]> {
  const entries = await connection.send((redis) => redis.xrange(key, `(${number}-0`, '+', 'COUNT', page))
  return entries.map(parseRecord)
}
