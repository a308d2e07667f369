/** A Redis of the benchmark's own, set as compose.yaml sets it: nothing on disk, and the ledger never evicted. */
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { freePort, startChild, untilReady } from './child.ts'
import type { Peer } from './peers.ts'

export async function startRedis(folder: string): Promise<Peer> {
  const port = await freePort()
  const memory = ['--maxmemory', '256mb', '--maxmemory-policy', 'volatile-lru', '--save', '', '--appendonly', 'no']
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...memory]
  const child = startChild('redis-server', args, { log: join(folder, 'redis.log') })
  await untilReady(child, () => answersPing(port))
  return { url: `redis://127.0.0.1:${port}`, pid: child.pid, stop: child.stop }
}

function answersPing(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(undefined))
  })
}
