/** What can happen to the origin. While it cannot answer, nobody writes, and everything that is read was read before: then nobody may notice. */
import type { Fault } from './fault.ts'
import type { Fleet } from './fleet.ts'
import type { ReadRecord, WriteRecord } from './history.ts'

export const originFaults: readonly Fault[] = [
  {
    name: 'origin: down for 2 s',
    lasts: 2000,
    arrange: quieten,
    inject: ({ origin }) => origin.goDown(),
    heal: comeBack,
  },
  {
    name: 'origin: silent for 3 s',
    lasts: 3000,
    arrange: quieten,
    inject: async ({ origin }) => origin.behave({ isSilent: 'to-all' }),
    heal: async ({ origin, load }) => {
      origin.behave({})
      load.writeAgain()
    },
  },
  { name: 'origin: slow', lasts: 3000, inject: async ({ origin }) => origin.behave({ answerDelay: 500 }), heal },
  { name: 'origin: commits late', lasts: 3000, inject: async ({ origin }) => origin.behave({ commitDelay: 800 }), heal },
  { name: 'origin: breaks writes before it commits', lasts: 2000, inject: breaking('before-commit'), heal, mayFail: isWrite },
  { name: 'origin: breaks writes after it committed', lasts: 2000, inject: breaking('after-commit'), heal, mayFail: isWrite },
]

/** Every read has been answered since the last write. */
async function quieten({ load }: Fleet): Promise<void> {
  await load.stopWriting()
  await load.sweep()
  await load.sweep()
}

/** A circuit that is open stays so for its time: writes wait until every instance asks again, and are not there to be refused. */
async function comeBack({ origin, load, instances, watch }: Fleet): Promise<void> {
  await origin.comeUp()
  const isAsked = (): boolean => instances.every((instance) => watch.latest(instance)?.isOriginAsked === true)
  await load.until('every circuit to close', isAsked, 5000)
  load.writeAgain()
}

function breaking(breaks: 'before-commit' | 'after-commit'): Fault['inject'] {
  return async ({ origin }) => origin.behave({ breaks })
}

async function heal({ origin }: Fleet): Promise<void> {
  origin.behave({})
}

/** The writer is owed the truth: nobody knows how it ended. */
function isWrite({ kind, status }: ReadRecord | WriteRecord): boolean {
  return kind === 'write' && status === 502
}
