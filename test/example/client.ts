/** A client of the example origin for tests: JSON in, JSON out, one call per line. */
import type { Test } from 'tap'
import { type Example, startExample } from '../../src/example/server.ts'
import { signDemoToken } from '../../src/example/token.ts'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects, and fails when it is not there
  readonly body: any
}

export interface Client {
  readonly example: Example
  call(target: string, options?: { as?: string; body?: unknown; headers?: Record<string, string> }): Promise<Reply>
}

/** Starts an example without latency, stopped when the test ends. `target` is "METHOD /path", `as` the caller's sub. */
export async function startClient(t: Test): Promise<Client> {
  const example = await startExample({ latency: 0 })
  t.teardown(() => example.close())
  return {
    example,
    async call(target, { as, body, headers = {} } = {}) {
      const [method = 'GET', path = '/'] = target.split(' ')
      if (as !== undefined) {
        headers['authorization'] = `Bearer ${signDemoToken({ sub: as, role: as === 'admin' ? 'admin' : 'user' })}`
      }
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const response = await fetch(example.url + path, { method, headers, ...(body !== undefined && { body: text }) })
      const answer = await response.text()
      return { status: response.status, headers: response.headers, body: answer === '' ? undefined : JSON.parse(answer) }
    },
  }
}
