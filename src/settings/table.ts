/**
 * Every setting, declared once: where it stands in the configuration, what it may be called elsewhere, what it may be and what it is when
 * nobody says. Parsing, `--help`, the README and every message about a setting come from this table.
 */
import type { KindName } from './kinds.ts'
import type { DeclaredSettings } from './settings.ts'

export interface Row {
  /** In config/<env>.yaml, one level per dot. */
  readonly path: SettingPath
  readonly kind: KindName
  /** As an operator would write it; left out: unset. */
  readonly default?: string
  /** For the kind `choice`. */
  readonly choices?: readonly string[]
  readonly env?: string
  /** Secrets have none: a command line is readable by everybody on the machine. */
  readonly flag?: string
  /** Other spellings of the path. */
  readonly aliases?: readonly string[]
  readonly help: string
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

// biome-ignore format: one row, one line
export const table: readonly Row[] = [
  { path: 'server.host', kind: 'host', default: '0.0.0.0', env: 'HOST', flag: 'host', help: 'Address to listen on' },
  { path: 'server.port', kind: 'port', default: '8080', env: 'PORT', flag: 'port', help: 'Port to listen on; 0 takes a free one' },
  { path: 'server.limits.header_size', kind: 'size', default: '16KiB', help: "A request's header section" },
  { path: 'server.limits.header_count', kind: 'count', default: '100', help: "A request's fields" },
  { path: 'server.limits.target_size', kind: 'size', default: '8KiB', help: "A request's target" },
  { path: 'server.limits.body_size', kind: 'size', default: '10MiB', help: "A request's body; 0B: no limit" },
  { path: 'server.limits.connections', kind: 'count', default: '10000', help: 'Client connections at once' },
  { path: 'server.limits.idle_timeout', kind: 'timeout', default: '65s', help: 'Silence between requests; longer than a balancer in front waits' },
  { path: 'server.limits.header_timeout', kind: 'timeout', default: '10s', help: "Time for a request's header section" },
  { path: 'server.limits.request_timeout', kind: 'timeout', default: '5m', help: 'Time for a whole request' },
  { path: 'server.trusted_proxies', kind: 'networks', default: '', help: 'Whose X-Forwarded fields are believed: addresses and CIDR ranges' },
  { path: 'server.via', kind: 'switch', default: 'on', help: 'Whether Via is added' },
  { path: 'server.forwarded', kind: 'switch', default: 'off', help: 'Whether Forwarded is sent beside the X-Forwarded fields' },

  { path: 'admin.host', kind: 'host', default: '127.0.0.1', env: 'ADMIN_HOST', flag: 'admin-host', help: 'Address of the admin API; beyond loopback it needs a token' },
  { path: 'admin.port', kind: 'port', default: '8081', env: 'ADMIN_PORT', flag: 'admin-port', help: 'Port of the admin API; 0 takes a free one' },
  { path: 'admin.token', kind: 'token', env: 'ADMIN_TOKEN', help: 'Bearer token of the admin API; without one it only reads' },

  { path: 'origin.addresses', kind: 'addresses', default: '', env: 'ORIGIN_URL', flag: 'origin', aliases: ['origin.url', 'origin.urls'], help: 'Where responses come from, used in turn' },
  { path: 'origin.host', kind: 'host', default: 'keep', help: "Host sent to the origin: keep the client's, or this name" },
  { path: 'origin.paths', kind: 'choice', choices: ['lenient', 'exact'], default: 'lenient', help: 'Whether purge rules match paths in any case and with a trailing slash' },
  { path: 'origin.framing', kind: 'choice', choices: ['strict', 'lenient'], default: 'strict', help: 'lenient, for an origin that speaks like HTTP/1.0: a response that ends by an orderly close is whole (not over https), unknown transfer codings are dropped' },
  { path: 'origin.max_connections', kind: 'positive', default: '128', help: 'Exchanges at once' },
  { path: 'origin.max_queue', kind: 'count', default: '1024', help: 'Requests that may wait for a connection' },
  { path: 'origin.queue_timeout', kind: 'timeout', default: '5s', help: 'How long they may wait' },
  { path: 'origin.connect_timeout', kind: 'timeout', default: '5s', help: 'From the first packet to the end of the TLS handshake' },
  { path: 'origin.headers_timeout', kind: 'timeout', default: '30s', help: "From the last byte of the request to the end of the response's header section" },
  { path: 'origin.body_timeout', kind: 'timeout', default: '30s', help: 'Silence within a body' },
  { path: 'origin.total_timeout', kind: 'timeout', default: '2m', help: 'A whole exchange; a stream up to its header section' },
  { path: 'origin.idle_timeout', kind: 'timeout', default: '4s', help: "How long an unused connection is kept; shorter than the origin's own" },
  { path: 'origin.max_header_bytes', kind: 'size', default: '32KiB', help: "A response's header section" },
  { path: 'origin.max_tunnels', kind: 'count', default: '1024', help: 'Upgraded connections at once' },
  { path: 'origin.breaker.consecutive_failures', kind: 'positive', default: '5', help: 'Failures in a row that open the circuit' },
  { path: 'origin.breaker.failing_for', kind: 'timeout', default: '1s', help: 'How long nothing has succeeded before they do' },
  { path: 'origin.breaker.failure_ratio', kind: 'fraction', default: '0.5', help: 'Part of the exchanges in a window that opens it' },
  { path: 'origin.breaker.minimum_exchanges', kind: 'positive', default: '20', help: 'Exchanges a window must have seen for that' },
  { path: 'origin.breaker.window', kind: 'timeout', default: '10s', help: 'Length of a window' },
  { path: 'origin.breaker.open_for', kind: 'timeout', default: '2s', help: 'How long nothing is tried before one request probes' },
  { path: 'origin.breaker.failure_statuses', kind: 'statuses', default: '', help: 'Statuses that count as failures' },
  { path: 'origin.health.consecutive_failures', kind: 'positive', default: '3', help: 'Failures in a row that mark an address down' },
  { path: 'origin.health.cool_down', kind: 'timeout', default: '10s', help: 'How long it then gets nothing' },
  { path: 'origin.health.jitter', kind: 'fraction', default: '0.2', help: 'Part by which that is lengthened at random' },
  { path: 'origin.tls.ca', kind: 'file', help: "File of certificates to trust instead of the system's, PEM" },
  { path: 'origin.tls.servername', kind: 'host', help: "Name that the certificate must carry; the address's own when unset" },
  { path: 'origin.tls.reject_unauthorized', kind: 'switch', default: 'on', help: 'Whether a certificate that cannot be verified is refused' },

  { path: 'redis.enabled', kind: 'switch', default: 'on', env: 'CACHE_REDIS_ENABLED', help: 'off: memory only, whatever else is set' },
  { path: 'redis.url', kind: 'redis-url', env: 'REDIS_URL', flag: 'redis', help: 'redis://user:password@host:port/db, with TLS rediss://' },
  { path: 'redis.host', kind: 'host', env: 'REDIS_HOST', help: 'Host, in place of a URL; neither: memory only' },
  { path: 'redis.port', kind: 'port', default: '6379', env: 'REDIS_PORT', help: 'Port' },
  { path: 'redis.username', kind: 'text', help: 'User of the access control list' },
  { path: 'redis.password', kind: 'secret', env: 'REDIS_PASSWORD', help: 'Password' },
  { path: 'redis.db', kind: 'count', default: '0', env: 'REDIS_DB', help: 'Number of the database' },
  { path: 'redis.tls.enabled', kind: 'switch', default: 'off', env: 'REDIS_TLS', aliases: ['redis.tls'], help: 'Whether to connect by TLS' },
  { path: 'redis.tls.ca', kind: 'file', help: "File of certificates to trust instead of the system's, PEM" },
  { path: 'redis.tls.servername', kind: 'host', help: "Name that the certificate must carry; the host's own when unset" },
  { path: 'redis.tls.reject_unauthorized', kind: 'switch', default: 'on', help: 'Whether a certificate that cannot be verified is refused' },
  { path: 'redis.sentinel.hosts', kind: 'endpoints', default: '', env: 'REDIS_SENTINEL_HOSTS', help: 'Sentinels to ask for the primary, in place of a URL or host' },
  { path: 'redis.sentinel.name', kind: 'text', env: 'REDIS_SENTINEL_NAME', help: 'What the Sentinels call it' },
  { path: 'redis.sentinel.username', kind: 'text', help: 'User of the Sentinels themselves' },
  { path: 'redis.sentinel.password', kind: 'secret', help: 'Password of the Sentinels themselves' },
  { path: 'redis.sentinel.tls', kind: 'switch', default: 'off', help: 'Whether to ask the Sentinels by TLS' },
  { path: 'redis.cluster_nodes', kind: 'endpoints', default: '', env: 'REDIS_CLUSTER_NODES', help: 'Some nodes of a Cluster, in place of a URL or host; the others are learnt' },
  { path: 'redis.command_timeout', kind: 'timeout', default: '200ms', help: 'After this a command counts as failed, and the origin answers' },
  { path: 'redis.connect_timeout', kind: 'timeout', default: '2s', help: 'Time for a connection' },
  { path: 'redis.detached_ttl', kind: 'timeout', default: '2s', help: 'How long an instance that hears nothing from Redis trusts what it knows; bounds how old an answer of another instance can be' },
  { path: 'redis.min_replicas', kind: 'count', default: '0', help: 'Replicas that must have a purge before it counts as done' },

  { path: 'store.memory_limit', kind: 'size', default: '256MiB', flag: 'memory-limit', help: 'Bytes that entries may take in this process; with Redis 0B keeps them there alone' },
  { path: 'store.max_entry', kind: 'size', default: '8MiB', help: 'The largest body that is stored; a rule may lower it' },
  { path: 'store.compress_above', kind: 'size', default: '1KiB', help: 'Bodies above this are compressed at rest in Redis' },
  { path: 'store.memory_compress_above', kind: 'size', default: '0B', help: 'The same in memory, where a hit then costs a decompression; 0B: never' },

  { path: 'rules', kind: 'text', default: './rules.yaml', env: 'RULES', flag: 'rules', help: 'The file of rules' },
  { path: 'data_dir', kind: 'text', help: 'Folder for purges that Redis could not take; unset: they are forgotten when the process ends' },
  { path: 'json_limit', kind: 'size', default: '1MiB', help: 'Bytes of a JSON body that are read for templates' },
  { path: 'prefix', kind: 'name', env: 'CACHE_PREFIX', flag: 'prefix', help: "Start of every key, where the rules name none" },
  { path: 'default_ttl', kind: 'duration', env: 'CACHE_DEFAULT_TTL', flag: 'default-ttl', help: 'Lifetime, where the rules name none' },
  { path: 'log.level', kind: 'choice', choices: levels, default: 'info', env: 'LOG_LEVEL', flag: 'log-level', help: 'The least level that is logged' },
  { path: 'log.sample_hits', kind: 'fraction', default: '1', help: 'Part of the hits that get an access line; every other answer gets one' },
  { path: 'drain_timeout', kind: 'timeout', default: '10s', flag: 'drain-timeout', help: 'How long requests in flight may take after SIGTERM' },
  { path: 'workers', kind: 'count', default: '1', env: 'WORKERS', flag: 'workers', help: 'Processes that share the port, each with a memory tier of its own; 0: one per CPU' },
  { path: 'service', kind: 'name', default: 'springhouse', flag: 'service', help: 'Value of the label `service` on every metric' },
]

/** Where a setting stands in `Settings`: `json_limit` → `jsonLimit`. */
export function membersOf(path: SettingPath): string[] {
  return path.split('.').map((part) => part.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))
}

/** The path of every leaf of the settings, in snake_case: a row for anything else does not compile. */
export type SettingPath = Leaves<DeclaredSettings>

type Leaves<T> = { [K in keyof T & string]: IsSection<T[K]> extends true ? `${Snake<K>}.${Leaves<T[K]>}` : Snake<K> }[keyof T &
  string]
type IsSection<T> = T extends string | number | boolean | undefined | readonly unknown[] ? false : true
type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${Snake<Rest>}`
  : ''
