/** Takes an address to listen on, or says in one sentence why it cannot be had. */
import { type AddressInfo, createServer, type Server } from 'node:net'

export interface Address {
  readonly address: string
  readonly port: number
}

const why: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there',
  EACCES: 'this user may not',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host',
}

export interface Wanted {
  readonly host: string
  readonly port: number
  /** Several processes of one user listen there, and the kernel spreads connections over them. */
  readonly isPortShared?: boolean
}

/** Whether the address can be had, and which port that is: those who share a port would not notice a stranger that shares it too. */
export async function probePort(wanted: Wanted): Promise<Address> {
  const server = createServer()
  const bound = await bind(server, wanted)
  await new Promise((resolve) => server.close(resolve))
  return bound
}

/** Port 0 takes a free one; the answer says which. */
export async function bind(server: Server, { host, port, isPortShared = false }: Wanted): Promise<Address> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const reason = why[error.code ?? ''] ?? error.message
      reject(new Error(`Cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}: ${reason}`, { cause: error }))
    }
    server.once('error', fail)
    server.listen({ host, port, reusePort: isPortShared }, () => {
      server.off('error', fail)
      resolve()
    })
  })
  const bound = server.address() as AddressInfo
  return { address: bound.address, port: bound.port }
}
