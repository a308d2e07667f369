/** Ledgers of several processes and the hub between them, joined by channels that deliver at once, or that hold what is sent until they are opened. */
import type { SiblingHub } from '../../src/ledger/sibling-hub.ts'
import {
  type FromHub,
  openSiblingLedger,
  type SiblingLedger,
  type SiblingLedgerOptions,
  type ToHub,
} from '../../src/ledger/siblings.ts'

export interface Sibling {
  readonly ledger: SiblingLedger
  /** What was sent either way from now on waits, as for a process that is stopped. */
  stop(): void
  /** Delivers one message that waits for this process, if there is one, without starting it again. */
  step(): boolean
  /** Sends what it had to say, and hears nothing yet. */
  speak(): void
  go(): void
  /** The process has ended. */
  end(): void
  /** How much waits for this process. */
  readonly waiting: number
}

export async function joinHub(hub: SiblingHub, options: Omit<SiblingLedgerOptions, 'channel'>): Promise<Sibling> {
  const inbox: FromHub[] = []
  const outbox: ToHub[] = []
  let isStopped = false
  let hasEnded = false
  let take: (message: FromHub) => void = () => {}
  const member = hub.join((message) => {
    if (hasEnded) return
    inbox.push(message)
    if (!isStopped) while (step());
  })
  function step(): boolean {
    const message = inbox.shift()
    if (message !== undefined) take(message)
    return message !== undefined
  }
  function speak(): void {
    for (const message of outbox.splice(0)) member.take(message)
  }
  const send = (message: ToHub): void => {
    if (hasEnded) return
    if (isStopped) outbox.push(message)
    else member.take(message)
  }
  const listen = (taker: (message: FromHub) => void): void => {
    take = taker
  }
  const ledger = await openSiblingLedger({ ...options, channel: { send, listen } })
  return {
    ledger,
    stop() {
      isStopped = true
    },
    step,
    speak,
    go() {
      isStopped = false
      while (step());
      speak()
    },
    end() {
      hasEnded = true
      member.leave()
    },
    get waiting() {
      return inbox.length
    },
  }
}
