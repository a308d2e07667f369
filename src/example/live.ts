/**
 * What the example tells without being asked: a WebSocket with free places by slot, and a stream of server-sent events. Both live
 * as long as their clients want and must pass through a proxy untouched and unbuffered.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { Slot } from './experiences.ts'

export type News =
  | { readonly kind: 'booking' | 'cancellation'; readonly experienceId: number }
  | { readonly kind: 'rsvp'; readonly eventId: number; readonly going: number }

export interface Live {
  /** Takes over a connection that asked for `/ws/slots`. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Answers with an event stream that stays open. */
  stream(response: ServerResponse): void
  announce(news: News): void
  close(): void
}

export function openLive(slotsOf: (experience: number) => Slot[]): Live {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 4096 })
  const streams = new Set<ServerResponse>()

  function countsOf(experienceId: number): string {
    return JSON.stringify({ experienceId, slots: slotsOf(experienceId) })
  }

  sockets.on('connection', (socket) => {
    socket.on('error', () => socket.terminate())
    socket.on('message', (data) => {
      const experienceId = readSubscription(data)
      socket.send(experienceId === undefined ? '{"error":"Send {\\"experienceId\\": number}"}' : countsOf(experienceId))
    })
  })

  return {
    accept(request, socket, head) {
      sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
    },
    stream(response) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      // Something at once, so that the client sees its stream open before the first news.
      response.write('retry: 2000\n\n')
      streams.add(response)
      response.on('close', () => streams.delete(response))
    },
    announce(news) {
      for (const response of streams) response.write(`event: ${news.kind}\ndata: ${JSON.stringify(news)}\n\n`)
      if (news.kind === 'rsvp') return
      const counts = countsOf(news.experienceId)
      for (const socket of sockets.clients) if (socket.readyState === WebSocket.OPEN) socket.send(counts)
    },
    close() {
      for (const socket of sockets.clients) socket.terminate()
      for (const response of streams) response.destroy()
      sockets.close()
    },
  }
}

function readSubscription(data: RawData): number | undefined {
  try {
    const id: unknown = JSON.parse(data.toString())?.experienceId
    return typeof id === 'number' && Number.isInteger(id) ? id : undefined
  } catch {
    return undefined
  }
}
