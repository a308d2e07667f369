/**
 * A key as it is listed: without prefix, values escaped, and behind a single "|" whatever was appended to tell requests apart. Three things are
 * done with it: it is purged by what its rule rendered, looked up as it stands, and written into a path.
 */

/** What the rule rendered: a single "|" ends it, a double one is part of it. */
export function renderedKeyOf(listed: string): string {
  const end = /(?<!\|)(?:\|\|)*\|(?!\|)/.exec(listed)
  const rendered = end === null ? listed : listed.slice(0, end.index + end[0].length - 1)
  return rendered.replaceAll('||', '|')
}

/**
 * The spellings of a key that a path can mean, the likelier first: as it stands, since a listed key is made of what a path may hold, or, where a
 * client escaped it once more, unescaped.
 */
export function keysOfPath(rest: string): readonly string[] {
  try {
    const decoded = decodeURIComponent(rest)
    return decoded === rest ? [rest] : [rest, decoded]
  } catch {
    return [rest]
  }
}

/** The other way round: its own escapes stay as they are, and only what a path cannot hold is escaped. */
export function pathOfKey(listed: string): string {
  return listed.toWellFormed().replace(/[^A-Za-z0-9._~%:|=,!$&'()*+;@-]/gu, encodeURIComponent)
}
