import fc from 'fast-check'
import t from 'tap'
import { invalidatedUris, isSafe } from '../../src/cache/invalidate.ts'
import type { Request } from '../../src/http/request.ts'
import { makeRequest, makeResponse } from './builders.ts'

t.test('isSafe knows the safe methods, and takes any other for a write', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY']) t.equal(isSafe(method), true, method)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'get', 'FROBNICATE', '']) t.equal(isSafe(method), false, method)
})

t.test('invalidatedUris names the own URI of a successful write and of nothing else', async (t) => {
  const own = [{ host: 'example.org', path: '/a/b' }]
  const cases: ReadonlyArray<readonly [string, number, boolean]> = [
    ['POST', 200, true],
    ['PUT', 204, true],
    ['DELETE', 303, true],
    ['FROBNICATE', 200, true],
    ['POST', 400, false],
    ['POST', 500, false],
    ['POST', 103, false],
    ['GET', 200, false],
    ['QUERY', 200, false],
  ]
  for (const [method, status, isInvalidating] of cases) {
    t.same(invalidatedUris(makeRequest([], method), makeResponse([], status)), isInvalidating ? own : [], `${method} ${status}`)
  }
})

/** The paths that a reference adds to the own one, which is /a/b?c=d on example.org. */
function added(reference: string, host = 'example.org'): readonly string[] {
  const request: Request = { ...makeRequest([], 'POST'), host }
  const uris = invalidatedUris(request, makeResponse(['Location', reference], 201))
  return uris.slice(1).map((uri) => uri.path)
}

t.test('invalidatedUris resolves references on the same host and no other', async (t) => {
  const cases: ReadonlyArray<readonly [reference: string, paths: readonly string[]]> = [
    ['/x', ['/x']],
    ['/x?y#z', ['/x']],
    ['x', ['/a/x']],
    ['./x/', ['/a/x/']],
    ['../x', ['/x']],
    ['../../../x', ['/x']],
    ['/x/../y/.', ['/y/']],
    ['..', ['/']],
    ['?q', []],
    ['#f', []],
    ['', []],
    ['http://example.org/x', ['/x']],
    ['HTTP://EXAMPLE.ORG:80/x', ['/x']],
    ['https://example.org/x?y', ['/x']],
    ['http://example.org', ['/']],
    ['//example.org/x', ['/x']],
    ['http://example.org:8080/x', []],
    ['http://evil.example/x', []],
    ['//evil.example/x', []],
    ['http://example.org@evil.example/x', []],
    ['http://evil.example@example.org/x', []],
    ['http://example.org.evil.example/x', []],
    ['ftp://example.org/x', []],
    ['http:/x', []],
    ['urn:x:y', []],
    ['/%2e%2e/x', ['/%2e%2e/x']],
    ['/\\evil.example/x', ['/\\evil.example/x']],
  ]
  for (const [reference, paths] of cases) t.same(added(reference), paths, reference)
  t.same(added('http://example.org:8080/x', 'example.org:8080'), ['/x'], 'the same port')
  t.same(added('http://example.org/x', 'example.org:8080'), [], 'another port')
  t.same(added('http://[::1]:8080/x', '[::1]:8080'), ['/x'], 'an IPv6 address')
})

t.test('invalidatedUris reads Location and Content-Location, every line, each URI once', async (t) => {
  const response = makeResponse(['Location', '/x', 'content-location', '/y', 'Content-Location', '/x', 'Link', '</z>'], 200)
  const paths = invalidatedUris(makeRequest([], 'POST'), response).map((uri) => uri.path)
  t.same(paths, ['/a/b', '/x', '/y'])
})

t.test('invalidatedUris never throws and never leaves the host', async () => {
  const reference = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('/', '.', ':', '@', '?', '#', '\\', 'a', 'http:') }))
  fc.assert(
    fc.property(reference, (text) =>
      invalidatedUris(makeRequest([], 'PUT'), makeResponse(['Location', text], 200)).every(
        (uri) => uri.host === 'example.org' && uri.path.startsWith('/') && !/[?#]/.test(uri.path),
      ),
    ),
  )
})
