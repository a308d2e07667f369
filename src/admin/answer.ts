/** An answer of the operator's edge before it is bytes: JSON for all but the metrics and the dashboard. A refusal says what to do instead. */

export interface Answer {
  readonly status: number
  readonly contentType: string
  /** Undefined: no body. */
  readonly body: string | undefined
  readonly fields?: Readonly<Record<string, string>>
}

/** What an operator reads when it was not done. Both are sentences without a full stop. */
export interface Refusal {
  readonly error: string
  readonly fix: string
}

export function json(status: number, value: unknown, fields: Readonly<Record<string, string>> = {}): Answer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value, undefined, 2)}\n`, fields }
}

export function refuse(status: number, { error, fix }: Refusal, fields: Readonly<Record<string, string>> = {}): Answer {
  return json(status, { error, fix }, fields)
}

export function text(contentType: string, body: string, fields: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, contentType, body, fields }
}

export function nothing(status: number, fields: Readonly<Record<string, string>>): Answer {
  return { status, contentType: '', body: undefined, fields }
}
