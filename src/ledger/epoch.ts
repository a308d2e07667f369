/** A fresh epoch: a random whole number of 52 bits, which a double and so a score of a Redis sorted set holds exactly; never 0. */
import { randomBytes } from 'node:crypto'

export function freshEpoch(): number {
  return Number(randomBytes(8).readBigUInt64BE() >> 12n) || 1
}
