/**
 * The origin over HTTP: circuit, admission, address, one try on one connection, and the few cases in which a second try is right. The
 * order matters: what is refused is refused before it costs anything.
 */
import { Readable } from 'node:stream'
import type { Fields } from '../http/fields.ts'
import type { Clock } from '../time.ts'
import { createAdmission, type Slot } from './admission.ts'
import { createBreaker, type Passage } from './breaker.ts'
import { type Connections, createConnections } from './connections.ts'
import { ExchangeFailure, exchange } from './exchange.ts'
import { type Address, createHealth } from './health.ts'
import { type Leash, startLeash } from './leash.ts'
import { type Origin, OriginError, type OriginRequest, type OriginResponse, type SendOptions } from './origin.ts'
import type { OriginSettings } from './origin-settings.ts'
import { checkRequest } from './request-check.ts'

/** Throws a `RangeError` when there is no address; connects to nothing before the first request. */
export function createOrigin(settings: OriginSettings, clock: Clock): Origin {
  if (settings.addresses.length === 0) throw new RangeError('An origin needs at least one address')
  const admission = createAdmission(settings, clock)
  const breaker = createBreaker(settings.breaker, clock)
  const health = createHealth(settings.addresses, settings.health, clock)
  const connections = new Map(settings.addresses.map((url) => [url, createConnections(url, settings)]))
  const leashes = new Set<Leash>()
  /** Event streams, which leave their place to others: a hundred readers of one would otherwise be the end of everything else. */
  const streams = new Set<Leash>()
  const streamsEnded = Promise.withResolvers<void>()
  let isClosing = false

  async function send(request: OriginRequest, options: SendOptions = {}): Promise<OriginResponse> {
    const check = checkRequest(request, settings.host)
    if (check.kind === 'refused') throw new OriginError('origin-request-refused', false, check.message)
    if (isClosing) throw new OriginError('origin-overloaded', false, 'The proxy is closing its connections to the origin')
    if (!breaker.mayEnter()) throw circuitOpen()
    const leash = startLeash({ clock, totalTimeout: settings.totalTimeout, signal: options.signal })
    leashes.add(leash)
    let slot: Slot | undefined
    try {
      slot = await admission.enter(leash, options.isBackground ?? false)
      const passage = breaker.enter()
      if (passage === undefined) throw circuitOpen()
      return await forward({
        request,
        fields: check.fields,
        leash,
        passage,
        onStream: () => stream(leash, slot),
        onDone: () => end(leash, slot),
      })
    } catch (error) {
      end(leash, slot)
      throw error
    }
  }

  function stream(leash: Leash, slot: Slot | undefined): void {
    if (streams.size >= settings.maxTunnels) return
    streams.add(leash)
    slot?.release()
  }

  function end(leash: Leash, slot: Slot | undefined): void {
    leash.release()
    leashes.delete(leash)
    slot?.release()
    if (streams.delete(leash) && isClosing && streams.size === 0) streamsEnded.resolve()
  }

  interface Forwarding {
    readonly request: OriginRequest
    readonly fields: Fields
    readonly leash: Leash
    readonly passage: Passage
    readonly onStream: () => void
    readonly onDone: () => void
  }

  /** The tries. Whatever happens, the passage is settled once. */
  async function forward(forwarding: Forwarding): Promise<OriginResponse> {
    const { request, leash, passage } = forwarding
    const tried = new Set<Address>()
    let isFresh = false
    let address = health.choose()
    for (;;) {
      try {
        const response = await exchange({
          ...forwarding,
          connection: (connections.get(address.url) as Connections).take(isFresh),
          settings,
          clock,
        })
        judge(address, passage, settings.breaker.failureStatuses.includes(response.status))
        return response
      } catch (error) {
        if (!(error instanceof ExchangeFailure)) throw error
        if (!isFresh && maySendAgain(request, error)) {
          isFresh = true
          continue
        }
        if (isTheCallersDoing(error)) {
          health.abandoned(address)
          passage.settle('unknown')
          throw error
        }
        tried.add(address)
        if (!error.isSent && leash.ended === undefined && tried.size < settings.addresses.length) {
          health.failed(address)
          address = health.choose(tried)
          isFresh = false
          continue
        }
        judge(address, passage, true)
        throw error
      }
    }
  }

  /** One failing address among healthy ones is health's business; the circuit counts failures only while no address answers. */
  function judge(address: Address, passage: Passage, isFailure: boolean): void {
    if (isFailure) health.failed(address)
    else health.succeeded(address)
    if (!isFailure) passage.settle('success')
    else passage.settle(health.isFailingEverywhere() ? 'failure' : 'unknown')
  }

  return {
    send,
    status() {
      const addresses = health.list()
      const { circuit } = breaker
      const isReachable = circuit !== 'open' && addresses.some(({ isUp }) => isUp)
      return { isReachable, circuit, inFlight: admission.inFlight, queued: admission.queued, addresses }
    },
    async close(deadline) {
      isClosing = true
      const timer = clock.after(deadline as Parameters<Clock['after']>[0], () => {
        for (const leash of leashes)
          leash.end({ failure: 'aborted', message: 'The proxy is closing its connections to the origin' })
      })
      await admission.idle()
      if (streams.size > 0) await streamsEnded.promise
      timer.cancel()
      await Promise.all([...connections.values()].map((each) => each.close()))
    },
  }
}

function circuitOpen(): OriginError {
  return new OriginError('origin-circuit-open', false, 'The circuit to the origin is open')
}

/**
 * A reused connection that breaks before a byte has come is the keep-alive race: GET and HEAD go once more (RFC 9110 §9.2.2 would allow
 * more methods; a write is never sent twice). What provably was not sent may go again whatever it is, unless its body has begun to flow.
 */
function maySendAgain({ method, body }: OriginRequest, failure: ExchangeFailure): boolean {
  if (!failure.isStaleConnection) return false
  if (!failure.isSent) return !(body instanceof Readable && (body.destroyed || body.readableDidRead))
  return (method === 'GET' || method === 'HEAD') && !(body instanceof Readable)
}

function isTheCallersDoing({ failure }: OriginError): boolean {
  return failure === 'aborted' || failure === 'origin-request-refused'
}
