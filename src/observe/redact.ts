/**
 * What may be logged of a value that came from somewhere: everything but secrets. Members are judged by name, texts by what looks like a
 * credential inside them, so that an error that quotes a URL or a header gives nothing away.
 */

const secretNames: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'apikey',
  'api-key',
  'token',
  'password',
  'passphrase',
  'secret',
  'credentials',
])

/** Nothing that is logged on purpose is deeper or longer; what is, is cut, so that a line stays a line. */
const deepest = 6
const longest = 2048

/** A copy without secrets, made of what JSON can hold. Never throws, whatever it is given. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? '[function]' : value
  if (depth >= deepest) return '[deeper]'
  if (value instanceof Error) return redactError(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return value.slice(0, 256).map((member) => redact(member, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      isSecretName(name) && member !== undefined ? '***' : redact(member, depth + 1),
    ]),
  )
}

function redactError(error: Error & { code?: unknown; cause?: unknown }, depth: number): unknown {
  return {
    type: error.name,
    message: redactText(error.message),
    code: typeof error.code === 'string' ? error.code : undefined,
    stack: error.stack === undefined ? undefined : redactText(error.stack),
    cause: error.cause === undefined ? undefined : redact(error.cause, depth + 1),
  }
}

function redactText(text: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text
  return cut
    .replace(/(\/\/)[^/\s@]{1,512}@/g, '$1***@')
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 ***')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***')
}

function isSecretName(name: string): boolean {
  const lower = name.toLowerCase()
  return secretNames.has(lower) || /(?:token|password|secret|api[-_]?key)$/.test(lower)
}
