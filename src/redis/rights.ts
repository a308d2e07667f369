/**
 * What the user of an access control list must be allowed, and what of it is missing. Asked once, when connected: a right that is missing shows
 * as a cache that never hits, or a purge that is never taken, and nobody finds that by reading errors.
 */
import type { RedisConnection } from './connection.ts'
import { ledgerTag } from './slot.ts'

/** As `ACL SETUSER` takes them, without the plus; `connecting` is what the client itself sends. */
export const neededCommands: Readonly<Record<'connecting' | 'entries' | 'leases' | 'ledger', readonly string[]>> = {
  connecting: ['auth', 'client', 'info', 'ping', 'select'],
  entries: ['get', 'pexpire', 'scan', 'set', 'unlink'],
  leases: ['del', 'hget', 'hmget', 'hset'],
  ledger: [
    ...['eval', 'evalsha', 'exists', 'time', 'wait', 'xadd', 'xrange', 'xread'],
    ...['hdel', 'hgetall', 'hkeys'],
    ...['zadd', 'zcount', 'zincrby', 'zrangebyscore', 'zrem', 'zscore', 'zmscore'],
  ],
}

/** A Cluster is asked who holds which slot, and to take over where a slot moves. */
export const clusterCommands: readonly string[] = ['asking', 'cluster']

const script = `
local missing = {}
for _, name in ipairs(ARGV) do
  local args = (name == 'get' or name == 'set' or name == 'zscore') and { name, KEYS[1], '0' } or { name }
  if name == 'get' then args[3] = nil end
  if not redis.acl_check_cmd(unpack(args)) then missing[#missing + 1] = name end
end
return missing`

/**
 * `+command` for each that is missing, `~prefix:*` where keys are; empty when nothing is, or when it cannot be known now. `more` are commands
 * beyond the usual ones. Never rejects.
 */
export async function missingRights(
  connection: RedisConnection,
  prefix: string,
  more: readonly string[] = [],
): Promise<string[]> {
  const isCluster = connection.members().some((member) => member !== '')
  const names = [...Object.values(neededCommands).flat(), ...(isCluster ? clusterCommands : []), ...more]
  try {
    const missing = await connection.send((redis) => redis.eval(script, 1, `${prefix}:${ledgerTag}`, ...names))
    return Array.isArray(missing) ? missing.map((name) => `+${name}`) : []
  } catch (error) {
    return refusedBy(error, prefix)
  }
}

/** Who may not even run the script says at least why. */
function refusedBy(error: unknown, prefix: string): string[] {
  if (!(error instanceof Error) || !error.message.startsWith('NOPERM')) return []
  const command = /run the '([a-z|-]+)' command/.exec(error.message)?.[1]
  return [command === undefined ? `~${prefix}:*` : `+${command}`]
}
