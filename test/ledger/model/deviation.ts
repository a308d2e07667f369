/**
 * Protocols that are almost the right one, each with the scenario in which it is seen to serve something old. What the model cannot see:
 *
 *   "purged at its own number counts too": serves nothing old, only less.
 *   "a promotion is stamped with the reading's number, though less is applied": that the entry was valid at that number is true; until
 *     all up to it is applied the copy is judged to be from the future.
 *   "an entry above the ledger's number is believed": numbers go back only where the epoch changes, and own purges are above it.
 *   "a new connection does not end the lease": the numbers seen are compared at every reading, and the lease ends by itself.
 *   "a reading is believed though the lease was lost": what it promotes bears the number at which it was read.
 *   "members are lost, and nothing is purged", "other rules in force are left alone": every set of rules is purged whole when it next ticks
 *     and was not considered, so that this only makes it sooner.
 */
export const deviations = {
  'number taken before the origin commits': 'a fill on the writer',
  'stamp taken when storing': 'a fill on the writer',
  'epoch read when storing': 'a fill over a flush',
  'memory copy without a number': 'a refresh elsewhere',
  'own purge left to the stream': 'a refresh elsewhere',
  'memory hit without a lease': 'two reads elsewhere',
  'failover told by numbers alone': 'older copy, elsewhere',
  'purge in three commands': 'two reads elsewhere',
  'lease counted from the reply': 'two reads elsewhere',
  'promotion stamped with what is applied by then': 'a copy on its way to memory',
  'replay after attaching': 'a lost purge',
  'replay left to the stream': 'a lost purge',
  'replay in another ledger believed': 'a lost purge over a flush',
  'replays not issued again': 'a replay in a split',
  'journal lost with the process': 'a restart with a journal',
  'queued purge does not end the lease': 'a lost purge',
  'recent purges not issued again': 'split',
  'intents not recorded again': 'a late write over a flush',
  'all silent, and nothing purged': 'an outage',
  'silent owners left to their deadlines': 'a killed owner',
  'intent dropped when its owner is buried': 'a killed owner',
  'rules that return are believed': 'rules that come back',
  'rules that lag are moved on': 'rules that come back with a write',
  'gap in the stream ignored': 'a gap in the stream',
  'unreadable record ignored': 'a write by another version',
  'unreadable record forgets later purges': 'a record that is not understood',
  'unreadable record of another ledger believed': 'a record of another ledger',
  'reading compared with what is applied alone': 'older copy behind a gap',
  'own entries live from when they are stored': 'a detached instance',
  'own ledger hears no purge': 'a detached writer',
  'flight of its own joined at any age': 'a detached instance',
  'tick believed after the lease was lost': 'flush',
  'shared entries judged by number across epochs': 'flush, elsewhere',
} as const

export type Deviation = keyof typeof deviations
