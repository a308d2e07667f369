/** Takes an address to listen on, or says in one sentence why it cannot be had. */
import type { AddressInfo, Server } from 'node:net'

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

/** Port 0 takes a free one; the answer says which. */
export async function bind(server: Server, wanted: { readonly host: string; readonly port: number }): Promise<Address> {
  const { host, port } = wanted
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const reason = why[error.code ?? ''] ?? error.message
      reject(new Error(`Cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}: ${reason}`, { cause: error }))
    }
    server.once('error', fail)
    server.listen({ host, port }, () => {
      server.off('error', fail)
      resolve()
    })
  })
  const bound = server.address() as AddressInfo
  return { address: bound.address, port: bound.port }
}
