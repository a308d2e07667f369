/** Scripts that run in Redis, over one key each, so that a Cluster takes them too. */
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
  readonly key: string
  readonly values: readonly string[]
}

/** By digest; whole where Redis does not know it (a restart, SCRIPT FLUSH), and then nothing has run before. */
export async function runScript(redis: RedisCommands, script: Script, { key, values }: ScriptCall): Promise<unknown> {
  try {
    return await redis.evalsha(script.digest, 1, key, ...values)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return await redis.eval(script.source, 1, key, ...values)
  }
}
