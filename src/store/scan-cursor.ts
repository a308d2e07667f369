/**
 * Where a listing of Redis goes on: Redis's own cursor, and whose it is. A Cluster is scanned one member after the other, in the order of their
 * names, so that a member that comes or goes between two pages neither ends the listing nor starts it again. Cursors come from outside.
 */

export interface ScanPlace {
  /** Undefined: nobody is left to ask. */
  readonly member: string | undefined
  readonly at: string
}

/** `17`, of a single server, whose name is empty; `17@10.0.0.1:6379` of a member. Anything else is the beginning. */
export function readCursor(cursor: string, members: readonly string[]): ScanPlace {
  const [, at = '0', name = ''] = /^(\d{1,20})(?:@(.{1,300}))?$/.exec(cursor) ?? []
  const member = members.find((one) => one >= name)
  // Who has gone has left a cursor that means nothing to the next.
  return { member, at: member === name ? at : '0' }
}

/** `next` is what the member answered; undefined when that was the last page of the last one. */
export function nextCursor(next: string, member: string, members: readonly string[]): string | undefined {
  if (next !== '0') return format(next, member)
  const following = members.find((one) => one > member)
  return following === undefined ? undefined : format('0', following)
}

function format(at: string, member: string): string {
  return member === '' ? at : `${at}@${member}`
}
