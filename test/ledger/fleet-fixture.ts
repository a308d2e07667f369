/** Fleet ledgers over a test's own Redis, with what they reported, and ways to wait. */
import type { Test } from 'tap'
import { type Label, rulesLabel } from '../../src/cache/label.ts'
import type { LedgerEvent } from '../../src/ledger/event.ts'
import { type FleetLedger, type FleetLedgerOptions, openFleetLedger } from '../../src/ledger/fleet.ts'
import { type Journal, openJournal } from '../../src/ledger/journal.ts'
import type { RedisUse } from '../../src/redis/client.ts'
import type { RedisTarget } from '../../src/redis/target.ts'
import { milliseconds, systemClock } from '../../src/time.ts'
import { connect, type TestConnection, until } from '../redis/fixture.ts'

export interface Fleet {
  readonly ledger: FleetLedger
  readonly journal: Journal
  readonly said: LedgerEvent[]
  readonly connections: { readonly entries: TestConnection; readonly ledger: TestConnection; readonly stream: TestConnection }
  /** Resolves when it is. */
  became(kind: 'attached' | 'detached'): Promise<void>
}

export interface FleetOptions extends Partial<FleetLedgerOptions> {
  /** Milliseconds. */
  readonly commandTimeout?: number
}

export async function openFleet(
  t: Test,
  to: number | RedisTarget,
  { commandTimeout, ...more }: FleetOptions = {},
): Promise<Fleet> {
  const by = (use: RedisUse): Promise<TestConnection> =>
    connect(t, to, { use, ...(commandTimeout === undefined ? {} : { commandTimeout }) })
  const [entries, ledger, stream] = [await by('entries'), await by('ledger'), await by('stream')]
  const said: LedgerEvent[] = []
  const journal = more.journal ?? (await openJournal({ folder: undefined, report: () => {} }))
  const fleet = await openFleetLedger({
    connections: { entries: entries.connection, ledger: ledger.connection, stream: stream.connection },
    prefix: 'test',
    clock: systemClock,
    journal,
    detachedTtl: milliseconds(2000),
    rules: (): Label => rulesLabel('one'),
    ...more,
    report(event) {
      said.push(event)
      more.report?.(event)
    },
  })
  t.teardown(() => fleet.close())
  return {
    ledger: fleet,
    journal,
    said,
    connections: { entries, ledger, stream },
    async became(kind) {
      await until(async () => (fleet.isAttached === (kind === 'attached') ? true : undefined))
    },
  }
}
