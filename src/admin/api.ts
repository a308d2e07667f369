/** The operator's edge as a table: which path and method does what, and what it takes to be allowed. Everything else is 404, 405 or OPTIONS. */
import { quoted } from '../rules/problem.ts'
import type { Admin } from './admin.ts'
import { type Answer, nothing, refuse } from './answer.ts'
import type { Access, Credentials, Guard } from './auth.ts'
import type { Body } from './body.ts'
import { dashboard } from './dashboard.ts'
import * as operations from './operations.ts'

export interface ApiRequest {
  readonly method: string
  /** As received, query and all. */
  readonly target: string
  readonly credentials: Credentials
  /** Read when an operation asks for it, and only after its caller was allowed to. */
  readonly body: () => Promise<Body>
}

interface Operation {
  readonly needs: Access
  readonly answer: (call: operations.Call) => Promise<Answer>
}

interface Endpoint {
  /** Ends in "/" where anything may follow. */
  readonly path: string
  readonly methods: Readonly<Partial<Record<'GET' | 'POST' | 'DELETE', Operation>>>
}

// biome-ignore format: one endpoint, one line
const endpoints: readonly Endpoint[] = [
  { path: '/health/live', methods: { GET: { needs: 'open', answer: operations.live } } },
  { path: '/health/ready', methods: { GET: { needs: 'open', answer: operations.ready } } },
  { path: '/metrics', methods: { GET: { needs: 'read', answer: operations.exposition } } },
  { path: '/metrics/cache', methods: { GET: { needs: 'read', answer: operations.summary }, DELETE: { needs: 'write', answer: operations.resetSummary } } },
  { path: '/purge', methods: { POST: { needs: 'write', answer: operations.purge } } },
  { path: '/keys', methods: { GET: { needs: 'read', answer: operations.keys } } },
  { path: '/keys/', methods: { GET: { needs: 'read', answer: operations.show }, DELETE: { needs: 'write', answer: operations.purgeKey } } },
  { path: '/explain', methods: { GET: { needs: 'read', answer: operations.explain } } },
  { path: '/rules', methods: { GET: { needs: 'read', answer: operations.rules } } },
  // The page itself shows nothing; what it fetches needs the token.
  { path: '/', methods: { GET: { needs: 'open', answer: async () => dashboard() } } },
]

export function createApi(admin: Admin, guard: Guard): (request: ApiRequest) => Promise<Answer> {
  return async ({ method, target, credentials, body }) => {
    const mark = target.indexOf('?')
    const path = mark < 0 ? target : target.slice(0, mark)
    if (path === '*' && method === 'OPTIONS') return nothing(204, { allow: 'GET, HEAD, POST, DELETE, OPTIONS' })
    const endpoint = endpoints.find((one) => leadsTo(one, path))
    if (endpoint === undefined) return unknownPath(path)
    const allow = allowed(endpoint)
    if (method === 'OPTIONS') return nothing(204, { allow })
    const operation = endpoint.methods[(method === 'HEAD' ? 'GET' : method) as 'GET']
    if (operation === undefined) {
      return refuse(405, { error: `${quoted(path)} does not know ${quoted(method)}`, fix: `Use one of ${allow}` }, { allow })
    }
    const refusal = guard(operation.needs, credentials)
    if (refusal !== undefined) return refusal
    const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1))
    return operation.answer({ admin, query, rest: path.slice(endpoint.path.length), body })
  }
}

function leadsTo({ path }: Endpoint, asked: string): boolean {
  return path !== '/' && path.endsWith('/') ? asked.startsWith(path) : asked === path
}

function allowed({ methods }: Endpoint): string {
  return [...Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])), 'OPTIONS'].join(', ')
}

function unknownPath(path: string): Answer {
  const paths = endpoints.map((endpoint) => endpoint.path).join(' ')
  return refuse(404, { error: `There is nothing at ${quoted(path)}`, fix: `Ask for one of ${paths}` })
}
