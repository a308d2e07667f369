/** Scripts that run in Redis, over keys of one slot, so that a Cluster takes them too. */
import { hash } from 'node:crypto'
import type { RedisCommands } from './client.ts'

export interface Script {
  readonly source: string
  readonly digest: string
}

export function defineScript(source: string): Script {
  return { source, digest: hash('sha1', source) }
}

export interface ScriptCall {
  readonly keys: readonly string[]
  readonly values: readonly string[]
}

/** By digest; whole where Redis does not know it (a restart, SCRIPT FLUSH), and then nothing has run before. */
export async function runScript(redis: RedisCommands, script: Script, { keys, values }: ScriptCall): Promise<unknown> {
  try {
    return await redis.evalsha(script.digest, keys.length, ...keys, ...values)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return await redis.eval(script.source, keys.length, ...keys, ...values)
  }
}
