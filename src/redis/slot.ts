/** In which of a Cluster's 16384 slots a key lies, by the Cluster specification: CRC-16/XMODEM of the key, or of what stands in its first braces. */

/** The ledger's keys all carry it, so that they lie in one slot and one script may touch them; whoever holds that slot is who matters. */
export const ledgerTag = '{ledger}'

export function slotOf(key: string): number {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key
  let crc = 0
  for (const byte of Buffer.from(hashed)) crc = ((crc << 8) & 0xffff) ^ (table[((crc >> 8) ^ byte) & 0xff] as number)
  return crc % 16384
}

const table: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  return crc
})
