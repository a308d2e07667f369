/** Columns of text for people: the first ones to the left, numbers to the right. What comes from outside cannot reach the terminal as control. */

export function formatColumns(rows: ReadonlyArray<readonly string[]>, leftColumns = 1): string {
  const printed = rows.map((row) => row.map(printable))
  const widths: number[] = []
  for (const row of printed) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return printed
    .map((row) => {
      const cells = row.map((cell, i) => (i < leftColumns ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      return `${cells.join('  ').trimEnd()}\n`
    })
    .join('')
}

/** Names to the left, values beside them; a value that is undefined leaves its line out, a list takes one line for each. */
export function formatPairs(
  pairs: ReadonlyArray<readonly [name: string, value: string | readonly string[] | undefined]>,
): string {
  const lines = pairs.flatMap(([name, value]) => {
    if (value === undefined) return []
    return typeof value === 'string' ? [[name, value]] : value.map((one, i) => [i === 0 ? name : '', one])
  })
  return formatColumns(lines, 2)
}

/** Keys and fields hold what clients sent: an escape sequence among it must not move the operator's cursor. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�')
}
