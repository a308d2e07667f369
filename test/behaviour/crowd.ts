/** Many clients that want the same at once, and an origin that lets nothing out before the gate is open. */
import { once } from 'node:events'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Gate } from '../fixtures/gate.ts'
import type { Asked, House, Reply } from '../fixtures/house.ts'
import type { Scene } from '../fixtures/scene.ts'
import type { Answer } from '../fixtures/scripted-origin.ts'
import { until } from '../fixtures/until.ts'

/** The n-th request for a target gets the n-th answer, and the last one from then on. */
export function hold(scene: Scene, gate: Gate, ...answers: Answer[]): void {
  scene.origin.script(async ({ request, reply }) => {
    const count = scene.origin.count(request.target)
    await gate.wait()
    reply(scene.dated({ body: `#${count}`, ...answers[Math.min(count, answers.length) - 1] }))
  })
}

/** How many wait for the fetch of this key, as its rule renders it. */
export function followers(house: House, key: string): number {
  const { host } = new URL(house.url)
  return house.app.parts.flights.find(`test:${key}|h=${encodeURIComponent(host)}`)?.followers ?? 0
}

export interface Wanted {
  readonly target: string
  readonly key: string
}

/** Asks for each at once; all but the first follow it before the gate is opened. */
export async function askTogether(
  scene: Scene,
  gate: Gate,
  { target, key, asked }: Wanted & { asked: readonly Asked[] },
): Promise<Reply[]> {
  const { house } = scene
  const replies = asked.map((one) => house.ask(target, one))
  await until('all but one to follow', () => followers(house, key) === asked.length - 1)
  gate.open()
  return Promise.all(replies)
}

/** Resolves when the head of the answer is there; its body is read by `some` and `rest`. */
export async function begin(house: House, target: string, method = 'GET'): Promise<IncomingMessage> {
  const [answer] = (await once(start(house, target, method), 'response')) as [IncomingMessage]
  return answer
}

/** A request that may be destroyed at any time. */
export function start(house: House, target: string, method = 'GET'): ClientRequest {
  const request = httpRequest(house.url + target, { method }).on('error', () => {})
  request.end()
  return request
}

export async function some(answer: IncomingMessage): Promise<string> {
  for (;;) {
    const chunk = answer.read() as Buffer | null
    if (chunk !== null) return chunk.toString()
    await once(answer, 'readable')
  }
}

export async function rest(answer: IncomingMessage): Promise<string> {
  return Buffer.concat(await answer.toArray()).toString()
}
