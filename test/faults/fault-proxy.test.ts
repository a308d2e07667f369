/** The network of a campaign: each fault is what it says, and ends when it says so. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { until } from '../fixtures/until.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'

/** Says back what it hears. */
async function startEcho(t: Test): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}

interface Client {
  readonly socket: Socket
  heard: string
  isClosed: boolean
}

async function prepare(t: Test): Promise<{ readonly proxy: FaultProxy; open(): Promise<Client> }> {
  const proxy = await startFaultProxy(await startEcho(t))
  t.teardown(() => proxy.close())
  return {
    proxy,
    async open() {
      const socket = connect(proxy.port, '127.0.0.1')
      t.teardown(() => socket.destroy())
      const client: Client = { socket, heard: '', isClosed: false }
      socket.on('data', (chunk) => {
        client.heard += chunk
      })
      socket.on('error', () => {})
      socket.on('close', () => {
        client.isClosed = true
      })
      // Or broken before that.
      await once(socket, 'connect').catch(() => undefined)
      return client
    },
  }
}

async function says(client: Client, text: string): Promise<void> {
  const expected = client.heard + text
  client.socket.write(text)
  await until(`"${text}" to come back`, () => client.heard === expected)
}

t.test('startFaultProxy: passes, and counts round trips and bytes', async (t) => {
  const { proxy, open } = await prepare(t)
  const client = await open()
  await says(client, 'one')
  await says(client, 'three')
  t.match(proxy, { open: 1, accepted: 1, roundTrips: 2, bytesUp: 8, bytesDown: 8 })
})

t.test('startFaultProxy: paused, nothing comes; then all of it does', async (t) => {
  const { proxy, open } = await prepare(t)
  const client = await open()
  await says(client, 'a')
  proxy.set({ kind: 'pause' })
  client.socket.write('held')
  const elsewhere = await (await prepare(t)).open()
  for (const text of ['b', 'c', 'd']) await says(elsewhere, text)
  t.equal(client.heard, 'a', 'while others have said and heard much')
  proxy.set({ kind: 'pass' })
  await until('what was held', () => client.heard === 'aheld')
})

t.test('startFaultProxy: delayed replies come late and in their order', async (t) => {
  const { proxy, open } = await prepare(t)
  const client = await open()
  proxy.set({ kind: 'delay', milliseconds: 60 })
  const began = performance.now()
  await says(client, 'late')
  t.ok(performance.now() - began >= 59)
  client.socket.write('first ')
  await until('it to have gone up', () => proxy.bytesUp === 10)
  proxy.set({ kind: 'pass' })
  client.socket.write('second')
  await until('both', () => client.heard.length === 16)
  t.equal(client.heard, 'latefirst second')
})

t.test('startFaultProxy: reset, what stands and what comes', async (t) => {
  const { proxy, open } = await prepare(t)
  const client = await open()
  await says(client, 'a')
  proxy.set({ kind: 'reset' })
  await until('the end', () => client.isClosed)
  const another = await open()
  await until('its end', () => another.isClosed)
  proxy.set({ kind: 'pass' })
  await says(await open(), 'again')
})

t.test('startFaultProxy: bytes are lost, and the connection with them', async (t) => {
  const { proxy, open } = await prepare(t)
  const client = await open()
  await says(client, 'a')
  proxy.set({ kind: 'blackhole' })
  const during = await open()
  client.socket.write('lost')
  proxy.set({ kind: 'pass' })
  await says(await open(), 'fresh')
  client.socket.write('lost too')
  during.socket.write('lost as well')
  await says(await open(), 'fresh again')
  t.same([client.heard, client.isClosed, during.heard], ['a', false, ''])
})

t.test('startFaultProxy: cut in mid-reply', async (t) => {
  const { proxy, open } = await prepare(t)
  const client = await open()
  proxy.set({ kind: 'cut', after: 5 })
  client.socket.write('123')
  await until('three', () => client.heard === '123')
  client.socket.write('456789')
  await until('the end', () => client.isClosed)
  t.equal(client.heard, '12345')
})

t.test('startFaultProxy: half-open, nobody answers and nobody says so', async (t) => {
  const { proxy, open } = await prepare(t)
  const client = await open()
  await says(client, 'a')
  proxy.set({ kind: 'half-open' })
  client.socket.write('anybody?')
  await says(await open(), 'a new one')
  t.same([client.heard, client.isClosed], ['a', false])
})

t.test('startFaultProxy: led elsewhere', async (t) => {
  const { proxy, open } = await prepare(t)
  const client = await open()
  await says(client, 'a')
  proxy.retarget(await startEcho(t))
  await until('the end', () => client.isClosed)
  await says(await open(), 'b')
})

t.test('startFaultProxy: replies are held, and what was asked has arrived', async (t) => {
  const { proxy, open } = await prepare(t)
  const client = await open()
  await says(client, 'a')
  proxy.set({ kind: 'hold-replies' })
  client.socket.write('held')
  await until('it to have gone up', () => proxy.bytesUp === 5)
  const elsewhere = await (await prepare(t)).open()
  for (const text of ['b', 'c', 'd']) await says(elsewhere, text)
  t.equal(client.heard, 'a', 'while others have said and heard much')
  proxy.set({ kind: 'pass' })
  await until('what was held', () => client.heard === 'aheld')
})
