/** An operator's pattern over keys: `*` stands for any text, also none; everything else for itself. Matching is linear in the key's length. */

/** The parts between the stars, of which the first begins the key and the last ends it. */
export function globMatcher(glob: string): (key: string) => boolean {
  const [first = '', ...rest] = glob.split('*')
  const last = rest.pop()
  if (last === undefined) return (key) => key === first
  return (key) => {
    if (key.length < first.length + last.length || !key.startsWith(first) || !key.endsWith(last)) return false
    let from = first.length
    for (const part of rest) {
      // The earliest place is the best: it leaves most for the parts that follow.
      const at = key.indexOf(part, from)
      if (at < 0) return false
      from = at + part.length
    }
    return from <= key.length - last.length
  }
}

/** The same pattern for Redis, where `?`, `[` and `\` mean something too. */
export function redisPattern(glob: string): string {
  return glob.replace(/[?[\]\\^-]/g, '\\$&').replace(/\*{2,}/g, '*')
}
