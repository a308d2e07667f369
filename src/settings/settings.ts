/**
 * Everything that can be set outside rules.yaml, as the program reads it: parsed, checked, immutable. Each member is one row of `table.ts`,
 * which names it in snake_case: `server.limits.header_size` is `server.limits.headerSize` here. A size of 0 and a timeout of 0 mean none.
 */
import type { Endpoint, RedisTarget, RedisTls } from '../redis/target.ts'
import type { Milliseconds } from '../time.ts'

export interface Settings extends Omit<DeclaredSettings, 'redis'> {
  /** Undefined: no Redis, everything is kept in this process. */
  readonly redis: RedisSettings | undefined
}

export interface RedisSettings extends RedisTimes {
  readonly target: RedisTarget
}

export interface RedisTimes {
  readonly commandTimeout: Milliseconds
  readonly connectTimeout: Milliseconds
  /** How long what is known of purges is trusted without hearing from Redis. */
  readonly detachedTtl: Milliseconds
  /** How many replicas must have a purge; 0: nobody waits for any. */
  readonly minReplicas: number
}

/** The settings as they are written down, row by row. */
export interface DeclaredSettings {
  readonly server: ServerSettings
  readonly admin: AdminSettings
  readonly origin: OriginSection
  readonly redis: RedisSection
  readonly store: StoreSettings
  readonly rules: string
  readonly dataDir: string | undefined
  readonly jsonLimit: number
  readonly prefix: string | undefined
  readonly defaultTtl: Milliseconds | undefined
  readonly log: LogSettings
  readonly drainTimeout: Milliseconds
  /** 0: as many as there are CPUs. */
  readonly workers: number
  readonly service: string
}

export interface ServerSettings {
  readonly host: string
  readonly port: number
  readonly limits: {
    readonly headerSize: number
    readonly headerCount: number
    readonly targetSize: number
    readonly bodySize: number
    readonly connections: number
    readonly idleTimeout: Milliseconds
    readonly headerTimeout: Milliseconds
    readonly requestTimeout: Milliseconds
  }
  /** Addresses and CIDR ranges, each one valid. */
  readonly trustedProxies: readonly string[]
  readonly via: boolean
  readonly forwarded: boolean
}

export interface AdminSettings {
  readonly host: string
  readonly port: number
  readonly token: string | undefined
}

/** Fits the settings of the origin client. */
export interface OriginSection {
  /** `http://host:port`, no path. Empty: none is configured. */
  readonly addresses: readonly string[]
  readonly host: 'keep' | (string & {})
  readonly paths: 'lenient' | 'exact'
  readonly framing: 'strict' | 'lenient'
  readonly maxConnections: number
  readonly maxQueue: number
  readonly queueTimeout: Milliseconds
  readonly connectTimeout: Milliseconds
  readonly headersTimeout: Milliseconds
  readonly bodyTimeout: Milliseconds
  readonly totalTimeout: Milliseconds
  readonly idleTimeout: Milliseconds
  readonly maxHeaderBytes: number
  readonly maxTunnels: number
  readonly breaker: {
    readonly consecutiveFailures: number
    readonly failingFor: Milliseconds
    readonly failureRatio: number
    readonly minimumExchanges: number
    readonly window: Milliseconds
    readonly openFor: Milliseconds
    readonly failureStatuses: readonly number[]
  }
  readonly health: {
    readonly consecutiveFailures: number
    readonly coolDown: Milliseconds
    readonly jitter: number
  }
  readonly tls: {
    /** The certificates themselves, PEM; the setting names the file. */
    readonly ca: string | undefined
    readonly servername: string | undefined
    readonly rejectUnauthorized: boolean
  }
}

export interface RedisSection extends RedisTimes {
  readonly enabled: boolean
  readonly url: string | undefined
  readonly host: string | undefined
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
  readonly tls: RedisTls & { readonly enabled: boolean }
  readonly sentinel: {
    readonly hosts: readonly Endpoint[]
    readonly name: string | undefined
    readonly username: string | undefined
    readonly password: string | undefined
    readonly tls: boolean
  }
  readonly clusterNodes: readonly Endpoint[]
}

export interface StoreSettings {
  readonly memoryLimit: number
  readonly maxEntry: number
  readonly compressAbove: number
  readonly memoryCompressAbove: number
}

export interface LogSettings {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
  /** The part (0 to 1) of hits that get an access line; every other answer gets one. */
  readonly sampleHits: number
}
