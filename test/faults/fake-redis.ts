/**
 * A server that speaks enough RESP to be taken for Redis and gives, on demand, the errors that a real one does not: what it is asked on
 * connecting is answered well, everything else by its mood.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** What a fake says to a command, byte for byte; undefined: nothing, and the connection ends. */
export type Mood = (command: readonly string[], port: number) => string | undefined

export interface FakeRedis {
  readonly port: number
  /** How many commands came beyond those of connecting. */
  readonly commands: number
  set(mood: Mood): void
  close(): Promise<void>
}

const ok = '+OK\r\n'
const writing = new Set(['SET', 'EVAL', 'EVALSHA', 'ZADD', 'PEXPIRE', 'UNLINK', 'DEL', 'XADD', 'FCALL'])

function isWrite([name = '']: readonly string[]): boolean {
  return writing.has(name)
}

/** Everything that a connection may be asked before it is used. */
function greeting([name = '', ...rest]: readonly string[], loading: boolean): string | undefined {
  switch (name) {
    case 'HELLO':
      return '%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n'
    case 'INFO':
      return bulk(`redis_version:7.0.15\r\nloading:${loading ? 1 : 0}\r\nrole:master\r\nmaster_replid:${'f'.repeat(40)}\r\n`)
    case 'CLIENT':
      return rest[0]?.toUpperCase() === 'ID' ? ':7\r\n' : ok
    case 'AUTH':
    case 'SELECT':
    case 'READONLY':
      return ok
    default:
      return undefined
  }
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}

const always =
  (reply: string): Mood =>
  () =>
    reply
const onWrites =
  (reply: string, otherwise = '$-1\r\n'): Mood =>
  (command) =>
    isWrite(command) ? reply : nothing(command, otherwise)

/** An empty Redis: a list of nils for what is asked by the list. */
function nothing([name = '', , ...members]: readonly string[], otherwise: string): string {
  if (name === 'PING') return '+PONG\r\n'
  return name === 'ZMSCORE' ? `*${members.length}\r\n${'$-1\r\n'.repeat(members.length)}` : otherwise
}

export type MoodName =
  | 'loading'
  | 'busy'
  | 'misconf'
  | 'oom'
  | 'readonly'
  | 'noscript'
  | 'moved'
  | 'denied'
  | 'unauthenticated'
  | 'garbage'
  | 'truncated'
  | 'endless'
  | 'wrong types'
  | 'nils'
  | 'empty lists'
  | 'nested lists'
  | 'hanging'
  | 'closing'

// biome-ignore format: one mood, one line
export const moods: Readonly<Record<MoodName, Mood>> = {
  loading: always('-LOADING Redis is loading the dataset in memory\r\n'),
  busy: always("-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n"),
  misconf: onWrites('-MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.\r\n'),
  oom: onWrites("-OOM command not allowed when used memory > 'maxmemory'.\r\n"),
  readonly: onWrites("-READONLY You can't write against a read only replica.\r\n"),
  noscript: ([name = '', ...rest]) => (name.startsWith('EVAL') ? '-NOSCRIPT No matching script.\r\n' : nothing([name, ...rest], '$-1\r\n')),
  moved: (_, port) => `-MOVED 1 127.0.0.1:${port}\r\n`,
  denied: always('-NOPERM this user has no permissions to run this command\r\n'),
  unauthenticated: always('-NOAUTH Authentication required.\r\n'),
  garbage: always('\x16\x03\x01 this is no Redis\r\n\r\n'),
  truncated: always('$4096\r\nonly the beginning of'),
  endless: always(`*2147483647\r\n${'$3\r\nabc\r\n'.repeat(1000)}`),
  'wrong types': always(':42\r\n'),
  nils: always('$-1\r\n'),
  'empty lists': always('*0\r\n'),
  'nested lists': always('*2\r\n*1\r\n*1\r\n:1\r\n$3\r\nabc\r\n'),
  hanging: always(''),
  closing: () => undefined,
}

export async function startFakeRedis(first: Mood): Promise<FakeRedis> {
  let mood = first
  let commands = 0
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, accept).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  function accept(socket: Socket): void {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    let bytes = ''
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.toString('latin1')
      for (;;) {
        const read = readCommand(bytes)
        if (read === undefined) return
        bytes = bytes.slice(read.length)
        answer(socket, read.command)
      }
    })
  }

  function answer(socket: Socket, command: readonly string[]): void {
    const isLoading = mood === moods.loading
    const polite = greeting(command, isLoading)
    if (polite === undefined) commands += 1
    const reply = polite ?? mood(command, port)
    if (reply === undefined) socket.destroy()
    else if (socket.writable) socket.write(reply, 'latin1')
  }

  return {
    port,
    get commands() {
      return commands
    },
    set(next) {
      mood = next
    },
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

/** The first command of what has come (latin1, so that bytes are counted); undefined while it is not there whole. */
function readCommand(bytes: string): { readonly command: string[]; readonly length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(bytes)
  if (head === null) return undefined
  const command: string[] = []
  let at = head[0].length
  for (let i = 0; i < Number(head[1]); i += 1) {
    const end = bytes.indexOf('\r\n', at)
    if (end < 0 || bytes[at] !== '$') return undefined
    const length = Number(bytes.slice(at + 1, end))
    if (bytes.length < end + 2 + length + 2) return undefined
    command.push(bytes.slice(end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
  return { command: [(command[0] ?? '').toUpperCase(), ...command.slice(1)], length: at }
}
