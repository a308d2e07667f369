/** "Did you mean": the known word that is nearest to a misspelt one. For messages to the operator only. */

/** The nearest of `known` within a third of the word's length (at least one, at most three edits), or undefined. */
export function nearest<Word extends string>(word: string, known: Iterable<Word>): Word | undefined {
  let best: Word | undefined
  let least = Math.min(3, Math.max(1, Math.floor(word.length / 3))) + 1
  for (const candidate of known) {
    const distance = edits(word.toLowerCase().slice(0, 64), candidate.toLowerCase())
    if (distance < least) {
      best = candidate
      least = distance
    }
  }
  return best
}

/** Edits between two words: insertions, deletions, replacements (Levenshtein). */
function edits(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = above[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, above[j]! + 1, row[j - 1]! + 1))
    }
    above = row
  }
  return above[to.length]!
}
