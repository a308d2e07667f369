import t from 'tap'
import { errors } from 'undici'
import { explain, type Progress } from '../../src/origin/explain.ts'
import { OriginError, type OriginFailure } from '../../src/origin/origin.ts'

const connecting: Progress = { isSent: false, wasOpen: false }
const idle: Progress = { isSent: false, wasOpen: true }
const sent: Progress = { isSent: true, wasOpen: false }
const sentOnOpen: Progress = { isSent: true, wasOpen: true }

function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 127.0.0.1:1`), { code })
}

t.test('explain: whose fault it is, and whether the origin may have seen the request', async (t) => {
  const cases: ReadonlyArray<readonly [error: Error, progress: Progress, failure: OriginFailure, isSent: boolean]> = [
    // No connection came about.
    [systemError('ECONNREFUSED'), connecting, 'origin-unreachable', false],
    [systemError('ENOTFOUND'), connecting, 'origin-unreachable', false],
    [systemError('CERT_HAS_EXPIRED'), connecting, 'origin-unreachable', false],
    [new errors.ConnectTimeoutError('late'), connecting, 'origin-unreachable', false],
    // It stood, and broke before the request could be written.
    [new errors.SocketError('other side closed'), idle, 'origin-broken', false],
    [systemError('ECONNRESET'), idle, 'origin-broken', false],
    // It broke after that, whatever way: the outcome is unknown.
    [new errors.SocketError('other side closed'), sent, 'origin-broken', true],
    [systemError('ECONNRESET'), sentOnOpen, 'origin-broken', true],
    [new errors.HTTPParserError('Response does not match the HTTP/1.1 protocol'), sent, 'origin-broken', true],
    [new errors.HeadersOverflowError('too long'), sentOnOpen, 'origin-broken', true],
    [new errors.ResponseContentLengthMismatchError('too short'), sent, 'origin-broken', true],
    // The request's own fault; what undici refuses to build was not sent, wherever it noticed.
    [new errors.InvalidArgumentError('invalid request path'), connecting, 'origin-request-refused', false],
    [new errors.InvalidArgumentError('invalid upgrade header'), sentOnOpen, 'origin-request-refused', false],
    [new errors.NotSupportedError('expect header not supported'), idle, 'origin-request-refused', false],
    // The caller's.
    [new errors.RequestContentLengthMismatchError(), connecting, 'aborted', false],
    [new errors.RequestContentLengthMismatchError(), sent, 'aborted', true],
  ]
  for (const [error, progress, failure, isSent] of cases) {
    const explained = explain(error, progress)
    t.ok(explained instanceof OriginError)
    t.match(explained, { failure, isSent }, `${error.name} ${JSON.stringify(progress)}`)
    t.equal(explained.cause, error, 'what happened is not lost')
  }
})

t.test('explain: names the code, which no peer can choose, and not the message', async (t) => {
  t.match(explain(systemError('ECONNREFUSED'), connecting).message, /^Cannot connect to the origin: ECONNREFUSED$/)
  t.match(explain(systemError('ECONNRESET'), idle).message, /^The idle connection to the origin broke: ECONNRESET$/)
  t.match(explain(new TypeError('secret'), sent).message, /^The connection to the origin broke: TypeError$/)
})
