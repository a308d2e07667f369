/** What is let loose together. Small enough to be seen to its end; each fault with what it can hurt, on the writer and elsewhere. */
import {
  afterFlush,
  afterSplit,
  behind,
  detached,
  whileRulesAreAway,
  withFillOverFlush,
  withRecordOnItsWay,
} from './beginnings.ts'
import type { ReaderSetUp, Scenario, WriterSetUp } from './scenario.ts'

const plain = { rules: [0, 0], cached: 'everywhere', fault: 'none' } as const
const write = (on: number, kind: WriterSetUp['kind'] = 'plain'): WriterSetUp => ({ on, kind })
const read = (on: number): ReaderSetUp => ({ on, kind: 'read' })
const refresh = (on: number): ReaderSetUp => ({ on, kind: 'refresh' })
const onWriter = { ...plain, writers: [write(0)], readers: [read(0), read(0)], ticks: [1, 0] } as const
const elsewhere = { ...plain, writers: [write(0)], readers: [read(1), read(1)], ticks: [0, 2] } as const
const both = { ...plain, writers: [write(0)], readers: [read(0), read(1)], ticks: [1, 1] } as const

export const scenarios: readonly Scenario[] = [
  { ...onWriter, name: 'a fill on the writer', cached: 'nowhere' },
  { ...both, name: 'a fill elsewhere', cached: 'nowhere', ticks: [0, 1] },
  { ...elsewhere, name: 'two reads elsewhere' },
  { ...elsewhere, name: 'a refresh elsewhere', readers: [refresh(1), read(0), read(1)], ticks: [0, 1] },
  { ...elsewhere, name: 'a copy on its way to memory', cached: 'redis', isReadSplit: true },
  { ...onWriter, name: 'a second writer', writers: [write(0), write(1)], readers: [read(0)] },
  { ...elsewhere, name: 'a second writer, elsewhere', writers: [write(0), write(1)], readers: [read(1)], ticks: [0, 1] },
  { ...elsewhere, name: 'a detached instance', cached: 'nowhere', ticks: [0, 1], begin: detached(1) },
  { ...onWriter, name: 'a detached writer', cached: 'nowhere', begin: detached(0) },
  { ...onWriter, name: 'flush', readers: [read(0)], ticks: [2, 0], fault: 'flush' },
  { ...onWriter, name: 'a fill over a flush', cached: 'nowhere', ticks: [2, 0], fault: 'flush', begin: withFillOverFlush },
  { ...elsewhere, name: 'flush, elsewhere', readers: [read(1)], fault: 'flush' },
  { ...onWriter, name: 'ledger evicted', ticks: [2, 0], fault: 'ledger-evicted' },
  { ...elsewhere, name: 'ledger evicted, elsewhere', readers: [read(1)], fault: 'ledger-evicted' },
  { ...onWriter, name: 'older copy', readers: [read(0)], ticks: [2, 0], fault: 'older-copy' },
  { ...elsewhere, name: 'older copy, elsewhere', readers: [read(1)], fault: 'older-copy' },
  { ...onWriter, name: 'older copy behind a gap', readers: [read(0)], fault: 'older-copy', begin: behind(true) },
  { ...onWriter, name: 'split', readers: [read(0)], ticks: [2, 0], fault: 'split', begin: afterSplit },
  { ...onWriter, name: 'a lost purge', readers: [read(0)], ticks: [2, 0], fault: 'losses', losses: 1 },
  { ...onWriter, name: 'a lost purge over a flush', readers: [read(0)], ticks: [2, 0], fault: 'flush', losses: 1 },
  { ...onWriter, name: 'a replay in a split', readers: [read(0)], ticks: [3, 0], fault: 'split', losses: 1, begin: afterSplit },
  { ...elsewhere, name: 'a lost purge, elsewhere', readers: [read(1)], ticks: [1, 1], fault: 'losses', losses: 1 },
  { ...elsewhere, name: 'a restart with a journal', readers: [read(1)], ticks: [1, 1], fault: 'restart', losses: 1 },
  { ...onWriter, name: 'a restart of the writer', readers: [read(0)], ticks: [2, 0], fault: 'restart', losses: 1 },
  { ...elsewhere, name: 'an outage', readers: [read(1)], ticks: [1, 1], fault: 'outage' },
  { ...onWriter, name: 'an outage, on the writer', readers: [read(0)], ticks: [2, 0], fault: 'outage' },
  { ...elsewhere, name: 'a killed owner', writers: [write(0, 'intended')], fault: 'kill' },
  { ...elsewhere, name: 'a late write', writers: [write(0, 'late')], readers: [read(1)], ticks: [0, 2] },
  {
    ...elsewhere,
    name: 'a late write over a flush',
    writers: [write(0, 'late')],
    readers: [read(1)],
    ticks: [1, 1],
    fault: 'flush',
    begin: afterFlush,
  },
  {
    ...onWriter,
    name: 'a gap in the stream',
    writers: [write(1, 'elsewhere'), write(0)],
    readers: [read(0)],
    fault: 'stream-trimmed',
  },
  {
    ...elsewhere,
    name: 'a gap, elsewhere',
    writers: [write(1, 'elsewhere'), write(0)],
    readers: [read(1)],
    ticks: [0, 1],
    fault: 'stream-trimmed',
  },
  { ...both, name: 'no stream', ticks: [0, 1], fault: 'stream-evicted', isStreamSlow: true },
  { ...elsewhere, name: 'a write by another version', writers: [write(0, 'misread')], ticks: [0, 1] },
  { ...onWriter, name: 'a record that is not understood', begin: behind(false) },
  {
    ...onWriter,
    name: 'a record of another ledger',
    cached: 'nowhere',
    readers: [refresh(0), read(0)],
    ticks: [1, 0],
    fault: 'flush',
    begin: withRecordOnItsWay,
  },
  { ...both, name: 'two sets of rules', rules: [0, 1], ticks: [0, 1] },
  { ...elsewhere, name: 'members evicted', rules: [0, 1], fault: 'members-evicted' },
  {
    ...plain,
    name: 'rules that come back',
    rules: [0, 1],
    writers: [write(1)],
    readers: [read(0)],
    ticks: [2, 0],
    fault: 'rules-away',
  },
  {
    ...plain,
    name: 'rules that come back with a write',
    rules: [0, 1],
    writers: [write(1), write(0, 'elsewhere')],
    readers: [read(0)],
    ticks: [1, 0],
    fault: 'rules-away',
  },
  {
    ...plain,
    name: 'rules that come back after others came',
    rules: [0, 1],
    writers: [write(1)],
    readers: [read(0)],
    ticks: [1, 1],
    fault: 'rules-away',
    reload: { on: 1, to: 2 },
    begin: whileRulesAreAway,
  },
]

const faults = [
  'none',
  'flush',
  'ledger-evicted',
  'members-evicted',
  'stream-evicted',
  'stream-trimmed',
  'older-copy',
  'losses',
  'outage',
  'restart',
] as const

/** Every fault with two writers and reads on both instances; too large for every day. */
export const campaign: readonly Scenario[] = faults.flatMap((fault) => [
  { ...both, name: `${fault}, reads on both`, fault, losses: 1, ticks: [2, 2] },
  { ...both, name: `${fault}, two writers`, fault, losses: 1, writers: [write(0), write(1)], ticks: [1, 2] },
  {
    ...both,
    name: `${fault}, three reads`,
    fault,
    losses: 1,
    cached: 'nowhere',
    readers: [read(0), read(1), read(1)],
    ticks: [1, 2],
  },
  { ...both, name: `${fault}, two sets of rules`, fault, losses: 1, rules: [0, 1], ticks: [1, 2], isReadSplit: true },
  {
    ...elsewhere,
    name: `${fault}, three instances`,
    fault,
    losses: 1,
    rules: [0, 0, 0],
    readers: [read(1), read(2)],
    ticks: [1, 1, 1],
  },
])
