/**
 * Where the ledgers of several processes on one machine meet: it carries each one's purges to the others, and knows when each stops believing what it
 * knew. Nothing is kept for one that does not listen; it purges everything before it is attached again.
 */
import { allLabel, type Label } from '../cache/label.ts'
import { type Clock, type Milliseconds, milliseconds, type Timer } from '../time.ts'
import { type FromHub, leaseFor, type ToHub } from './siblings.ts'

export interface HubMember {
  take(message: ToHub): void
  /** Its process has ended. What its writes may have changed is purged: nobody will say any more what became of them. */
  leave(): void
}

type Purge = Extract<FromHub, { kind: 'purge' }>

export class SiblingHub {
  readonly #clock: Clock
  readonly #members = new Set<Member>()
  readonly #intents = new Map<string, OpenIntent>()
  #purges = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `send` must not throw, whether or not anybody listens. */
  join(send: (message: FromHub) => void): HubMember {
    const member = new Member(this.#clock, send)
    this.#members.add(member)
    return {
      take: (message) => this.#take(member, message),
      leave: () => this.#leave(member),
    }
  }

  #take(from: Member, message: ToHub): void {
    switch (message.kind) {
      case 'tick':
        from.tick(message.at, () => this.#numbered([allLabel], 'hard'))
        break
      case 'applied':
        from.applied(message.id)
        break
      case 'purge':
        this.#carry(from, message)
        break
      case 'intend': {
        const { id, labels, due } = message
        this.#intents.set(id, { labels, owner: from, timer: this.#clock.after(due, () => this.#complete(id)) })
        break
      }
      case 'forget':
        this.#drop(message.id)
    }
  }

  #carry(from: Member, { id, labels, how, again, intent }: Extract<ToHub, { kind: 'purge' }>): void {
    if (intent !== undefined) this.#drop(intent)
    // Here rather than with the writer, so that it happens whatever becomes of that.
    if (again !== undefined) this.#clock.after(again, () => void this.#spread(labels, how))
    void this.#spread(labels, how, from).then(() => from.send({ kind: 'done', id }))
  }

  async #spread(labels: readonly Label[], how: 'hard' | 'soft', except?: Member): Promise<void> {
    const purge = this.#numbered(labels, how)
    await Promise.all([...this.#members].filter((member) => member !== except).map((member) => member.purge(purge)))
  }

  #numbered(labels: readonly Label[], how: 'hard' | 'soft'): Purge {
    this.#purges += 1
    return { kind: 'purge', id: this.#purges, labels, how }
  }

  #complete(id: string): void {
    const intent = this.#intents.get(id)
    this.#drop(id)
    if (intent !== undefined) void this.#spread(intent.labels, 'hard')
  }

  #drop(id: string): void {
    this.#intents.get(id)?.timer.cancel()
    this.#intents.delete(id)
  }

  #leave(member: Member): void {
    this.#members.delete(member)
    member.gone()
    for (const [id, { owner }] of this.#intents) if (owner === member) this.#complete(id)
  }
}

interface OpenIntent {
  readonly labels: readonly Label[]
  readonly owner: Member
  readonly timer: Timer
}

/** One process, as the hub sees it. */
class Member {
  readonly #clock: Clock
  readonly send: (message: FromHub) => void
  /** Purge → whoever waits for it to be applied. */
  readonly #awaited = new Map<number, () => void>()
  /** Its lease ends no later: it began before the tick that asked for it came here. */
  #attachedUntil = milliseconds(0)
  /** It has no lease, and was not told of every purge or did not say that it applied one. */
  #isBehind = false

  constructor(clock: Clock, send: (message: FromHub) => void) {
    this.#clock = clock
    this.send = send
  }

  tick(at: Milliseconds, all: () => Purge): void {
    if (this.#isBehind) this.send(all())
    this.#isBehind = false
    this.#attachedUntil = milliseconds(this.#clock.monotonic() + leaseFor)
    this.send({ kind: 'tock', at })
  }

  /**
   * Resolves when it was applied, or when the lease ran out that this process had when it was sent: a later one comes behind the purge in the same
   * channel.
   */
  purge(purge: Purge): Promise<void> {
    const left = this.#attachedUntil - this.#clock.monotonic()
    if (left <= 0) this.#isBehind = true
    if (this.#isBehind) return Promise.resolve()
    return new Promise((resolve) => {
      // A timer may run a part of a millisecond early.
      const timer = this.#clock.after(milliseconds(Math.ceil(left) + 1), () => {
        // Not where it has a lease again: that came behind the purge.
        if (this.#attachedUntil <= this.#clock.monotonic()) this.#isBehind = true
        this.applied(purge.id)
      })
      this.#awaited.set(purge.id, () => {
        timer.cancel()
        resolve()
      })
      this.send(purge)
    })
  }

  applied(id: number): void {
    this.#awaited.get(id)?.()
    this.#awaited.delete(id)
  }

  gone(): void {
    for (const id of [...this.#awaited.keys()]) this.applied(id)
  }
}
