/**
 * 100 (Continue) on its way to undici, which breaks the connection at one; a client must be able to read those that it did not ask for
 * (RFC 9110 §15.2). Any other interim response is reported, so the last digit of a 100 is changed before undici sees it, and changed back
 * behind it. No byte is held back, added or parsed twice: sizes, fields, order and every mistake stay undici's business.
 */
import type { Readable } from 'node:stream'

export interface ContinueGuard {
  /** A request leaves. What comes next are the heads of its answer; nothing behind the first that is not interim is looked at. */
  expectAnswer(): void
  /** The status that the origin sent in place of the one that undici read. To be asked once for every head, in their order. */
  originStatus(status: number): number
}

/** Of one answer. What comes above it is undici's to refuse. */
const mostContinues = 32

const statusLine = Buffer.from('HTTP/1.1 1')
const [zero, nine, lineFeed, carriageReturn] = [0x30, 0x39, 0x0a, 0x0d]
/** 100 with another last digit. Nobody has registered it; an origin that sends it all the same is told apart. */
const standIn = 109

/** Looks at what the socket gets, from the moment on that it has it: `push` sees every byte once, whoever reads them and however. */
export function guardContinue(socket: Pick<Readable, 'push'>): ContinueGuard {
  const push = socket.push
  let state: 'idle' | 'status' | 'fields' = 'idle'
  /** Bytes of the status line so far. */
  let matched = 0
  let secondDigit = 0
  let isLineEmpty = false
  let continues = 0
  /** What each stand-in stood for, those that undici has not reported yet. */
  let standIns: number[] = []

  socket.push = (chunk, encoding) => {
    if (state !== 'idle' && chunk !== null) look(chunk as Buffer)
    return push.call(socket, chunk, encoding)
  }

  function look(bytes: Buffer): void {
    for (let i = 0; i < bytes.length && state !== 'idle'; i++) {
      if (state === 'fields') readFields(bytes[i] as number)
      else bytes[i] = readStatus(bytes[i] as number)
    }
  }

  /** The byte to put in its place. Whatever is no status line of an interim response ends the watch. */
  function readStatus(byte: number): number {
    const at = matched++
    if (at < statusLine.length) {
      if (byte !== statusLine[at]) state = 'idle'
      return byte
    }
    if (at === statusLine.length) {
      secondDigit = byte
      return byte
    }
    state = 'fields'
    isLineEmpty = false
    if (secondDigit !== zero) return byte
    if (byte === nine) standIns.push(standIn)
    if (byte !== zero || continues === mostContinues) return byte
    continues++
    standIns.push(100)
    return nine
  }

  /** RFC 9112 §2.2: a line may end without CR. undici refuses that; to take it for no end would be to look into a body. */
  function readFields(byte: number): void {
    if (byte === lineFeed && isLineEmpty) {
      state = 'status'
      matched = 0
    } else if (byte !== carriageReturn) isLineEmpty = byte === lineFeed
  }

  return {
    expectAnswer() {
      state = 'status'
      matched = 0
      continues = 0
      standIns = []
    },
    originStatus: (status) => (status === standIn ? (standIns.shift() ?? status) : status),
  }
}
