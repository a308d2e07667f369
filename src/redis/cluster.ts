/**
 * A Cluster as one client. Its masters are connected before they are needed, so that no command waits for a handshake, and come back by
 * themselves; which of them holds which slot is asked again whenever one is lost, and every few seconds. Nothing is read from a replica, which
 * may not know the last purge.
 */
import type { Cluster, Redis } from 'ioredis'
import { type Client, type ClientOptions, type ClientWatch, nodeOptions, reconnectDelay } from './client.ts'
import { slotOf } from './slot.ts'
import type { ClusterTarget } from './target.ts'

/** How often it is asked who holds which slot while nothing shows that it changed. */
const refreshInterval = 5000
/** Of a node that is lost, before it is given up: some ten seconds. */
const mostAttempts = 20

export function openCluster(make: typeof Cluster, options: ClientOptions<ClusterTarget>, watch: ClientWatch): Client {
  const { target, use, connectTimeout, commandTimeout } = options
  const delay = Math.min(50, commandTimeout / 4)
  const cluster = new make(
    target.nodes.map(({ host, port }) => ({ host, port })),
    {
      lazyConnect: true,
      enableOfflineQueue: false,
      enableAutoPipelining: use === 'entries',
      redisOptions: nodeOptions(options),
      scaleReads: 'master',
      // Its check would be refused by nodes that are being connected. Each node is checked by itself.
      enableReadyCheck: false,
      maxRedirections: 3,
      retryDelayOnMoved: 0,
      retryDelayOnTryAgain: delay,
      retryDelayOnClusterDown: 0,
      // More than 0 would send again what was under way when a node was lost.
      retryDelayOnFailover: 0,
      slotsRefreshTimeout: connectTimeout,
      slotsRefreshInterval: refreshInterval,
      clusterRetryStrategy: reconnectDelay,
      clusterNodeRetryStrategy: (attempt) => {
        // When every node has been given up, all begins anew from the nodes that were named, whose addresses may be others by now. Before the
        // first of them has answered each has one try: the client waits in vain for the end of a node that would try again.
        if (cluster.status !== 'ready' || attempt > mostAttempts) return null
        // Who is lost may have been replaced.
        cluster.refreshSlotsCache()
        return reconnectDelay(attempt)
      },
    },
  )
  cluster.on('error', watch.failed)
  cluster.on('node error', watch.failed)
  cluster.on('+node', (node: Redis) => {
    watch.added(node)
    if (!node.options.readOnly) node.connect().catch(() => {})
  })
  cluster.on('-node', watch.removed)
  for (const event of ['refresh', 'ready', 'close']) cluster.on(event, watch.moved)

  const masters = (): ReadonlyMap<string, Redis> => new Map(cluster.nodes('master').map((node) => [nameOf(node), node]))
  return {
    // Commander's methods, which both inherit, are typed by the class that sends them.
    commands: cluster as unknown as Client['commands'],
    nodeOf(key) {
      const name = cluster.slots[slotOf(key)]?.[0]
      return name === undefined ? undefined : cluster.nodes().find((node) => nameOf(node) === name)
    },
    members: masters,
    async connect() {
      await cluster.connect().catch(() => {})
      await Promise.all([...masters().values()].map(attempted))
    },
    disconnect: () => cluster.disconnect(),
  }
}

function nameOf({ options }: Redis): string {
  return `${options.host}:${options.port}`
}

function attempted(node: Redis): Promise<void> {
  return new Promise((resolve) => {
    if (node.status === 'ready') return resolve()
    for (const event of ['ready', 'close', 'end']) node.once(event, () => resolve())
  })
}
