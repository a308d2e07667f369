import t from 'tap'
import { freshEpoch } from '../../src/ledger/epoch.ts'

t.test('freshEpoch: a whole number above 0 that the score of a sorted set holds exactly', async (t) => {
  const epochs = Array.from({ length: 10_000 }, freshEpoch)
  t.ok(epochs.every((epoch) => Number.isInteger(epoch) && epoch > 0 && epoch < 2 ** 52))
  t.equal(new Set(epochs).size, epochs.length, 'none comes twice')
  t.ok(
    epochs.some((epoch) => epoch >= 2 ** 51) && epochs.some((epoch) => epoch < 2 ** 51),
    'the highest of the 52 bits is as random as the others',
  )
})

t.test('freshEpoch: the ends of what chance can give', async (t) => {
  const ends: ReadonlyArray<readonly [byte: number, epoch: number]> = [
    [0x00, 1],
    [0xff, 2 ** 52 - 1],
  ]
  for (const [byte, epoch] of ends) {
    const mocked = await t.mockImport<typeof import('../../src/ledger/epoch.ts')>('../../src/ledger/epoch.ts', {
      'node:crypto': { randomBytes: (length: number) => Buffer.alloc(length, byte) },
    })
    t.equal(mocked.freshEpoch(), epoch)
  }
})
