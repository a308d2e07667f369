/** The request that `explain` is asked about, from its query: method, url, header (repeatable). Nothing of it is sent anywhere. */
import { parseTarget, type Request } from '../http/request.ts'
import { quoted } from '../rules/problem.ts'
import type { Refusal } from './answer.ts'

const mostFields = 100

export function readExplainRequest(query: URLSearchParams, defaultHost: string): Request | Refusal {
  const method = query.get('method') ?? 'GET'
  if (!/^[A-Z][A-Z-]{0,31}$/.test(method))
    return { error: `${quoted(method)} is not a method`, fix: 'Write it in capitals, as in "GET"' }
  const url = query.get('url') ?? ''
  const form = 'Write "/path?query", or "http://host/path?query"'
  if (url === '') return { error: 'No URL is named', fix: form }
  const [, scheme, authority, target = ''] = /^(?:(https?):\/\/([^/?#@\s]+))?(\/[!-"$-~]*|\?[!-"$-~]*)?$/i.exec(url) ?? []
  if (target === '' && authority === undefined)
    return { error: `${quoted(url)} is not a URL in ASCII, or has a fragment`, fix: form }
  const fields: string[] = []
  for (const line of query.getAll('header')) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\u0080-\u00ff]*?)[ \t]*$/.exec(line)
    if (field === null) return { error: `${quoted(line.slice(0, 20))} is not a field`, fix: 'Write "name: value"' }
    fields.push(field[1] as string, field[2] as string)
  }
  if (fields.length > 2 * mostFields) return { error: 'Too many fields', fix: `Name at most ${mostFields}` }
  return {
    method,
    target: parseTarget(target.startsWith('/') ? target : `/${target}`),
    host: (authority ?? defaultHost).toLowerCase(),
    scheme: scheme?.toLowerCase() === 'https' ? 'https' : 'http',
    fields,
  }
}
