/**
 * An origin with lists that writes change, each list read in another way by the proxy in front, and one read of them held at a gate. Bodies
 * tell the version they were read at and which read of their list they are.
 */
import type { Test } from 'tap'
import { fieldValue } from '../../src/http/fields.ts'
import { makeGate } from '../fixtures/gate.ts'
import type { House } from '../fixtures/house.ts'
import { openScene, type Scene, type SceneOptions } from '../fixtures/scene.ts'
import type { Answer, Exchange } from '../fixtures/scripted-origin.ts'

/** A way in which a list is fetched. */
export interface Fetch {
  readonly name: string
  readonly cache: string
  /** Age of the stored entry when the fetch begins; undefined: nothing is stored. */
  readonly age?: number
  /** Who causes the fetch waits for it; others can join. */
  readonly isWaitedFor: boolean
  /** The answer has begun and stops in mid-body. */
  readonly isHeldInBody?: boolean
  readonly hasEtag?: boolean
  readonly hasStaleWindow?: boolean
}

export const fetches: readonly Fetch[] = [
  { name: 'fill', cache: 'ttl: 1m', isWaitedFor: true },
  { name: 'half-filled', cache: 'ttl: 1m', isWaitedFor: true, isHeldInBody: true },
  { name: 'refresh', cache: 'ttl: 1m, stale_while_revalidate: 1h', age: 61, isWaitedFor: false, hasStaleWindow: true },
  { name: 'ahead', cache: 'ttl: 1m, refresh_ahead: 50%', age: 31, isWaitedFor: false },
  { name: 'confirm', cache: 'ttl: 1m', age: 61, isWaitedFor: true, hasEtag: true },
  {
    name: 'confirm-behind',
    cache: 'ttl: 1m, stale_while_revalidate: 1h',
    age: 61,
    isWaitedFor: false,
    hasEtag: true,
    hasStaleWindow: true,
  },
]

export interface Stage extends Scene {
  /** The proxy that writes go through. */
  readonly writer: House
  /** From now on the next read waits at the gate, with the answer it would have got. */
  hold(): ReturnType<typeof makeGate>
  /** What reads of this target brought as If-None-Match. */
  validators(target: string): ReadonlyArray<string | undefined>
}

/** An origin with lists that writes change, and the proxy in front of it. */
export async function openStage(t: Test, options: SceneOptions): Promise<Stage> {
  const scene = await openScene(t, options)
  const versions = new Map<string, number>()
  let gate: ReturnType<typeof makeGate> | undefined
  const validators = (target: string): Array<string | undefined> =>
    scene.origin.requests
      .filter((request) => request.method === 'GET' && request.target === target)
      .map(({ rawHeaders }) => fieldValue(rawHeaders, 'if-none-match'))
  scene.origin.script(async ({ request, reply, response }) => {
    const { pathname, searchParams } = new URL(request.target, scene.origin.url)
    if (request.method !== 'GET') return reply(written(versions, request, searchParams))
    const fetch = fetches.find(({ name }) => name === pathname.slice(1)) as Fetch
    const page = Number(searchParams.get('page'))
    const version = versions.get(`${fetch.name} ${page}`) ?? 1
    const asked = validators(request.target)
    const answer = scene.dated(readAt({ fetch, page, version, count: asked.length, validator: asked.at(-1) }))
    const held = gate
    gate = undefined
    if (held === undefined || !fetch.isHeldInBody) {
      await held?.wait()
      return reply(answer)
    }
    response.writeHead(200, answer.headers as string[])
    response.write(String(answer.body).slice(0, 10))
    await held.wait()
    response.end(String(answer.body).slice(10))
  })
  const hold = (): ReturnType<typeof makeGate> => {
    gate = makeGate()
    return gate
  }
  return { ...scene, writer: scene.house, hold, validators }
}

interface Reading {
  readonly fetch: Fetch
  readonly page: number
  readonly version: number
  /** The how-manieth read of this target it is. */
  readonly count: number
  readonly validator: string | undefined
}

function readAt({ fetch, page, version, count, validator }: Reading): Answer {
  const headers = { 'Content-Type': 'application/json', ...(fetch.hasEtag ? { ETag: `"v${version}"` } : {}) }
  if (fetch.hasEtag && validator === `"v${version}"`) return { status: 304, headers, body: '' }
  return { headers, body: JSON.stringify({ version, fetch: count, items: [{ id: 'other' }, { id: itemOf(page) }] }) }
}

function written(versions: Map<string, number>, request: Exchange['request'], search: URLSearchParams): Answer {
  const { list, page } = JSON.parse(String(request.body))
  const location = search.get('location')
  versions.set(`${list} ${page}`, 2)
  return { status: Number(search.get('status') ?? 201), headers: location === null ? {} : { Location: location }, body: 'ok' }
}

export function itemOf(page: number): string {
  return `i${page}`
}
