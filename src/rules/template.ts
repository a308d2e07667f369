/**
 * Templates such as "experience:{params.id}:detail": literal text and values with defaults. Parsed once when the rules are read, rendered
 * on every request. A value from outside is escaped when it is rendered, so that it never contains a separator or a glob.
 */

/** A parsed template. `source` is what the operator wrote. */
export interface Template {
  readonly source: string
  readonly parts: readonly Part[]
}

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: ValueReference; readonly fallback: string | undefined }

/** Which value: "params.id" is root `params`, path ["id"]; "response.json.items[*].id" is root `response.json`, path ["items", "*", "id"]. */
export interface ValueReference {
  readonly root: ValueRoot
  readonly path: readonly string[]
  /** Whether the path has a `[*]`: then it stands for several values. */
  readonly isList: boolean
}

export type ValueRoot =
  | 'params'
  | 'query'
  | 'header'
  | 'cookie'
  | 'jwt'
  | 'user'
  | 'host'
  | 'path'
  | 'method'
  | 'request.json'
  | 'response.json'
  | 'response.header'
  | 'status'

/** What is wrong with a template. `offset` counts characters from the template's start. `fix` says what to write instead. */
export interface TemplateProblem {
  readonly offset: number
  readonly message: string
  readonly fix: string
}
