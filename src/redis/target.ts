/** Which Redis: one server, the primary that Sentinels name, or a Cluster. What is written down of it is checked before it comes here. */

export type RedisTarget = StandaloneTarget | SentinelTarget | ClusterTarget

export interface StandaloneTarget extends Access, Endpoint {
  readonly kind: 'standalone'
  readonly db: number
}

export interface SentinelTarget extends Access {
  readonly kind: 'sentinel'
  /** At least one; the others are learnt from it. */
  readonly sentinels: readonly Endpoint[]
  /** What the Sentinels call the primary. */
  readonly name: string
  readonly db: number
  /** For the Sentinels themselves, which know other users than Redis does. */
  readonly sentinelAccess: Access
}

export interface ClusterTarget extends Access {
  readonly kind: 'cluster'
  /** At least one; the others are learnt from it. */
  readonly nodes: readonly Endpoint[]
}

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** How to be let in. */
export interface Access {
  readonly username: string | undefined
  readonly password: string | undefined
  /** Undefined: in the clear. */
  readonly tls: RedisTls | undefined
}

export interface RedisTls {
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca: string | undefined
  /** The name that a certificate must carry, instead of the host's own. */
  readonly servername: string | undefined
  readonly rejectUnauthorized: boolean
}

/** For the log: where, without who. */
export function describeTarget(target: RedisTarget): string {
  switch (target.kind) {
    case 'standalone':
      return format(target)
    case 'sentinel':
      return `${target.name} of ${target.sentinels.map(format).join(',')}`
    case 'cluster':
      return target.nodes.map(format).join(',')
  }
}

function format({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
