/**
 * The network between one instance and Redis, which does what the test says: pass bytes, hold them, lose them, cut them, break connections.
 * Loopback only. What it holds is bounded: above that it reads no further, as a full network does.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type NetworkFault =
  | { readonly kind: 'pass' }
  /** Nothing moves; what was sent arrives when this ends. */
  | { readonly kind: 'pause' }
  /** What is sent arrives and is answered; the answers arrive when this ends. */
  | { readonly kind: 'hold-replies' }
  /** Replies come so much later, in their order. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** Connections are broken (RST), and so is every new one. */
  | { readonly kind: 'reset' }
  /** Bytes of every connection are lost from now on, and of new ones too. Those that lost some never recover. */
  | { readonly kind: 'blackhole' }
  /** Every connection ends after so many more bytes of replies, in mid-reply if need be. */
  | { readonly kind: 'cut'; readonly after: number }
  /** Redis has left each connection there is, and nobody was told. New ones pass. */
  | { readonly kind: 'half-open' }

export interface FaultProxy {
  readonly port: number
  /** Connections open now, and ever. */
  readonly open: number
  readonly accepted: number
  readonly bytesUp: number
  readonly bytesDown: number
  /** How often a reply was followed by another question, over all connections. */
  readonly roundTrips: number
  set(fault: NetworkFault): void
  /** New connections go there; those that stand are broken. */
  retarget(port: number): void
  close(): Promise<void>
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  /** Its bytes are lost. */
  isDead: boolean
  /** When the last reply that was delayed is due. */
  due: number
  /** Replies that are held back, oldest first. */
  readonly late: Buffer[]
  /** Their bytes. */
  held: number
  /** Bytes of replies until it is cut. */
  left: number
  isAnswering: boolean
}

const mostHeld = 1024 * 1024
const mostLinks = 1000

export async function startFaultProxy(target: number): Promise<FaultProxy> {
  let port = target
  let fault: NetworkFault = { kind: 'pass' }
  let [accepted, bytesUp, bytesDown, roundTrips] = [0, 0, 0, 0]
  const links = new Set<Link>()
  const listener = createServer({ noDelay: true }, accept).listen(0, '127.0.0.1')
  await once(listener, 'listening')

  function accept(client: Socket): void {
    accepted += 1
    client.on('error', () => {})
    if (fault.kind === 'reset' || links.size >= mostLinks) return void client.resetAndDestroy()
    const server = connect({ port, host: '127.0.0.1', noDelay: true })
    const fresh = { isDead: false, due: 0, late: [], held: 0, left: Number.POSITIVE_INFINITY, isAnswering: true }
    const link: Link = { client, server, ...fresh }
    links.add(link)
    server.on('error', () => {})
    client.on('data', (chunk: Buffer) => up(link, chunk))
    server.on('data', (chunk: Buffer) => down(link, chunk))
    client.on('close', () => end(link))
    server.on('close', () => {
      if (!link.isDead) end(link)
    })
    apply(link)
  }

  function up(link: Link, chunk: Buffer): void {
    if (link.isAnswering) roundTrips += 1
    link.isAnswering = false
    if (link.isDead) return
    bytesUp += chunk.length
    move(chunk, { from: link.client, to: link.server })
  }

  function down(link: Link, chunk: Buffer): void {
    link.isAnswering = true
    const now = performance.now()
    link.due = Math.max(link.due, now + (fault.kind === 'delay' ? fault.milliseconds : 0))
    if (link.due <= now && link.late.length === 0) return void deliver(link, chunk)
    link.late.push(chunk)
    link.held += chunk.length
    if (link.held > mostHeld) link.server.pause()
    setTimeout(() => deliverLate(link), link.due - now)
  }

  /** The oldest, whichever was meant: timers that end together end in any order. */
  function deliverLate(link: Link): void {
    const chunk = link.late.shift() as Buffer
    link.held -= chunk.length
    deliver(link, chunk)
    flow(link)
  }

  function deliver(link: Link, chunk: Buffer): void {
    if (link.isDead || link.client.destroyed) return
    bytesDown += Math.min(chunk.length, link.left)
    const isCut = chunk.length >= link.left
    link.left -= chunk.length
    if (!isCut) return void move(chunk, { from: link.server, to: link.client })
    link.client.end(chunk.subarray(0, link.left + chunk.length))
    link.server.destroy()
  }

  function move(chunk: Buffer, { from, to }: { readonly from: Socket; readonly to: Socket }): void {
    if (to.destroyed || to.write(chunk)) return
    from.pause()
    to.once('drain', () => {
      if (fault.kind !== 'pause' && fault.kind !== 'hold-replies') from.resume()
    })
  }

  /** What the fault does to a link that stands. */
  function apply(link: Link): void {
    if (fault.kind === 'reset') {
      link.client.resetAndDestroy()
      link.server.resetAndDestroy()
    } else if (fault.kind === 'blackhole') link.isDead = true
    link.left = fault.kind === 'cut' ? fault.after : Number.POSITIVE_INFINITY
    flow(link)
  }

  function flow({ client, server, held }: Link): void {
    for (const socket of [client, server]) {
      const isHeld = socket === server && (fault.kind === 'hold-replies' || held > mostHeld)
      if (fault.kind === 'pause' || isHeld) socket.pause()
      else socket.resume()
    }
  }

  function end(link: Link): void {
    links.delete(link)
    link.client.destroy()
    link.server.destroy()
  }

  function leaveHalfOpen(link: Link): void {
    link.isDead = true
    link.server.destroy()
    link.client.resume()
  }

  return {
    port: (listener.address() as AddressInfo).port,
    get open() {
      return links.size
    },
    get accepted() {
      return accepted
    },
    get bytesUp() {
      return bytesUp
    },
    get bytesDown() {
      return bytesDown
    },
    get roundTrips() {
      return roundTrips
    },
    set(next) {
      fault = next.kind === 'half-open' ? { kind: 'pass' } : next
      for (const link of links) next.kind === 'half-open' ? leaveHalfOpen(link) : apply(link)
    },
    retarget(next) {
      port = next
      for (const { client } of links) client.resetAndDestroy()
    },
    async close() {
      listener.close()
      for (const link of links) end(link)
      await once(listener, 'close')
    },
  }
}
