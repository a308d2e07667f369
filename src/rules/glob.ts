/**
 * The one glob there is: `*` stands for any run of characters, also none, everything else for itself. Never a regular expression: one with
 * many stars does not finish.
 */

/** At most text × pattern steps: only the last star is ever tried again, since an earlier one could not help where it failed. */
export function matchGlob(pattern: string, text: string): boolean {
  let at = 0
  let place = 0
  let star = -1
  let resume = 0
  while (at < text.length) {
    if (pattern[place] === '*') {
      star = place++
      resume = at
    } else if (pattern[place] === text[at]) {
      place++
      at++
    } else if (star >= 0) {
      place = star + 1
      at = ++resume
    } else return false
  }
  while (pattern[place] === '*') place++
  return place === pattern.length
}
