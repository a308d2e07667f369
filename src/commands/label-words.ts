/** Labels as an operator calls them: "k:badges:all" is "key badges:all". */
import type { Label } from '../cache/label.ts'

const words: Readonly<Record<string, string>> = {
  k: 'key',
  p: 'prefix',
  t: 'tag',
  r: 'rule',
  u: 'uri',
  h: 'rules',
  m: 'tags made by',
}

export function formatLabel(label: Label): string {
  const [, kind = '', name = ''] = /^([a-z]):(.*)$/s.exec(label) ?? []
  const word = words[kind]
  return word === undefined ? label : `${word} ${name}`
}
