import { mkdir, readdir, readFile, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { allLabel, keyLabel } from '../../src/cache/label.ts'
import { type Journal, type JournalEvent, openJournal } from '../../src/ledger/journal.ts'
import { formatLine } from '../../src/ledger/journal-line.ts'

t.test('what was added waits after a restart, until it is settled', async (t) => {
  const { folder, open, events } = make(t)
  const first = await open()
  t.equal(first.size, 0)
  t.same(await readdir(folder), [], 'no file where nothing waits')
  await first.add([keyLabel('a'), keyLabel('b')])
  await first.add([keyLabel('b'), keyLabel('c')])
  t.equal(first.size, 3)
  await first.close()

  const second = await open()
  t.same(second.take(), ['k:a', 'k:b', 'k:c'])
  await second.settle(second.take())
  t.equal(second.size, 0)
  t.same(await readdir(folder), [])
  t.same((await open()).take(), [])
  t.same(events, [])
})

t.test('a process killed without a close leaves what it added', async (t) => {
  const { folder, open } = make(t)
  await (await open()).add([keyLabel('a')])
  const second = await open()
  t.same(second.take(), ['k:a'])
  t.equal((await readdir(folder)).length, 1)
  t.same((await open()).take(), ['k:a'], 'and so does the one that took it over')
})

t.test('two processes on one folder lose nothing, whoever starts or settles in between', async (t) => {
  const { folder, open } = make(t)
  const first = await open()
  await first.add([keyLabel('a')])
  const second = await open()
  await Promise.all([first.add([keyLabel('b')]), second.add([keyLabel('c')])])
  await second.settle(second.take())
  await first.add([keyLabel('d')])
  t.same((await open()).take(), ['k:a', 'k:b', 'k:d'], 'what one has not settled')
  t.same(first.take(), ['k:a', 'k:b', 'k:d'])
  t.same((await readdir(folder)).length, 1)
})

t.test('processes that start while another adds see every add, or leave it to that one', async (t) => {
  const { open } = make(t)
  const first = await open()
  const added: string[] = []
  for (let i = 0; i < 40; i += 1) {
    const [, other] = await Promise.all([first.add([keyLabel(`${i}`)]), open()])
    added.push(`k:${i}`)
    await other.close()
  }
  const heir = (await open()).take()
  t.ok(heir.includes(allLabel) || added.every((label) => heir.includes(label)), 'torn under way, or whole')
})

t.test('adds that come together share a write', async (t) => {
  const { folder, open } = make(t)
  const journal = await open()
  await Promise.all(Array.from({ length: 200 }, (_, i) => journal.add([keyLabel(`${i}`)])))
  const text = await contents(folder)
  t.equal(text.split('\n').length, 2, 'the first write carries them all')
  t.equal((await open()).take().length, 200)
})

t.test('an add that comes during a write is on disk when it resolves', async (t) => {
  const { folder, open } = make(t)
  const journal = await open()
  await journal.add([keyLabel('a')])
  const writing = journal.add([keyLabel('b')])
  // Behind the start of that write, before its end.
  await Promise.resolve()
  await Promise.resolve()
  await journal.add([keyLabel('c')])
  const text = await contents(folder)
  for (const key of ['a', 'b', 'c']) t.match(text, `"k:${key}"`)
  await writing
})

t.test('a label that waits is not written twice', async (t) => {
  const { folder, open } = make(t)
  const journal = await open()
  await journal.add([keyLabel('a')])
  const before = await contents(folder)
  for (let i = 0; i < 20; i += 1) await journal.add([keyLabel('a')])
  t.equal(await contents(folder), before)
})

t.test('what is added while a replay is under way stays, be it the same label', async (t) => {
  const { open } = make(t)
  const journal = await open()
  await journal.add([keyLabel('a'), keyLabel('b'), keyLabel('c')])
  const taken = journal.take()
  const adding = journal.add([keyLabel('b'), keyLabel('d')])
  await journal.settle(taken)
  await adding
  t.same([...journal.take()].sort(), ['k:b', 'k:d'])
  t.same([...(await open()).take()].sort(), ['k:b', 'k:d'], 'on disk too')
})

t.test('a replay that failed is taken again', async (t) => {
  const { open } = make(t)
  const journal = await open()
  await journal.add([keyLabel('a')])
  t.same(journal.take(), ['k:a'])
  t.same(journal.take(), ['k:a'])
  await journal.settle(journal.take())
  t.equal(journal.size, 0)
})

t.test('above 10,000 labels, and once everything is to be purged, it is everything that waits', async (t) => {
  const { folder, open } = make(t)
  const journal = await open()
  const labels = Array.from({ length: 10_000 }, (_, i) => keyLabel(`${i}`))
  await journal.add(labels)
  t.equal(journal.take().length, 10_000)
  await journal.add([keyLabel('one more')])
  t.same(journal.take(), [allLabel])
  t.equal(await contents(folder), formatLine([allLabel]))
  const taken = journal.take()
  await journal.add([keyLabel('later')])
  await journal.settle(taken)
  t.same(journal.take(), ['k:later'], 'added behind the purge of everything')

  await journal.add([allLabel, keyLabel('covered')])
  await journal.add([keyLabel('covered too')])
  t.equal(journal.size, 1)
  t.same((await open()).take(), [allLabel])
})

t.test('a journal truncated at any byte gives what it said whole, or everything', async (t) => {
  const { folder, open } = make(t)
  const whole = Buffer.from(formatLine(['k:a']) + formatLine(['k:é', 'k:c']))
  const border = formatLine(['k:a']).length
  for (let end = 0; end < whole.length; end += 1) {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder)
    await writeFile(join(folder, 'purges-1.journal'), whole.subarray(0, end))
    const journal = await open()
    t.same(journal.take(), end === border ? ['k:a'] : [allLabel], `${end} bytes`)
    await journal.close()
    t.same((await open()).take(), end === border ? ['k:a'] : [allLabel], `${end} bytes, and the next start`)
  }
})

t.test('a torn journal is reported, and everything is purged once', async (t) => {
  const { folder, open, events } = make(t)
  await (await open()).add([keyLabel('a')])
  const [name = ''] = await readdir(folder)
  await truncate(join(folder, name), 10)
  const journal = await open()
  t.match(events, [{ kind: 'journal-unreadable', cause: /torn, or of another version/ }])
  t.same(journal.take(), [allLabel])
  await journal.settle(journal.take())
  t.same((await open()).take(), [])
  t.equal(events.length, 1)
})

t.test(
  'a disk that fails is reported once; what it did not take waits in memory, and is written when it works again',
  async (t) => {
    const { folder, open, events } = make(t)
    const journal = await open()
    await journal.add([keyLabel('a')])
    await rename(folder, `${folder}-away`)
    await writeFile(folder, 'in its place')
    await journal.add([keyLabel('b')])
    await journal.add([keyLabel('c')])
    t.match(events, [{ kind: 'journal-failed', cause: /ENOTDIR|EEXIST/ }])
    t.same(journal.take(), ['k:a', 'k:b', 'k:c'])
    await unlink(folder)
    await rename(`${folder}-away`, folder)
    await journal.add([keyLabel('d')])
    t.same([...(await open()).take()].sort(), ['k:a', 'k:b', 'k:c', 'k:d'])

    await rename(folder, `${folder}-away`)
    await writeFile(folder, 'in its place')
    await journal.add([keyLabel('e')])
    t.equal(events.length, 2, 'a new failure is said again')
  },
)

t.test('a folder that was removed is made again with all that waits', async (t) => {
  const { folder, open, events } = make(t)
  const journal = await open()
  await journal.add([keyLabel('a')])
  await rm(folder, { recursive: true })
  await journal.add([keyLabel('b')])
  t.same((await open()).take(), ['k:a', 'k:b'])
  t.same(events, [])
})

t.test('a settle that the disk does not take is settled here, and replayed after a restart', async (t) => {
  const { folder, open, events } = make(t)
  const journal = await open()
  await journal.add([keyLabel('a')])
  await rename(folder, `${folder}-away`)
  await writeFile(folder, 'in its place')
  await journal.settle(journal.take())
  t.equal(journal.size, 0)
  t.match(events, [{ kind: 'journal-failed' }])
  await unlink(folder)
  await rename(`${folder}-away`, folder)
  t.same((await open()).take(), ['k:a'])
})

t.test('a folder that cannot be made is said at the start, and purges nothing', async (t) => {
  const { folder, open, events } = make(t)
  await writeFile(folder, 'in its place')
  const journal = await open()
  t.match(events, [{ kind: 'journal-failed' }])
  t.equal(journal.size, 0)
  await journal.add([keyLabel('a')])
  t.same(journal.take(), ['k:a'])
  t.equal(events.length, 1)
})

t.test('without a folder it waits in memory', async (t) => {
  const journal = await openJournal({ folder: undefined, report: (event) => t.fail(event.kind) })
  await journal.add([keyLabel('a'), keyLabel('b')])
  t.equal(journal.size, 2)
  await journal.settle(journal.take().slice(0, 1))
  t.same(journal.take(), ['k:b'])
  await journal.close()
})

t.test('after the close nothing is written any more', async (t) => {
  const { folder, open } = make(t)
  const journal = await open()
  await journal.add([keyLabel('a')])
  const before = await contents(folder)
  const adding = journal.add([keyLabel('b')])
  await journal.close()
  await adding
  t.not(await contents(folder), before, 'what was under way is')
  await journal.add([keyLabel('c')])
  t.same((await open()).take(), ['k:a', 'k:b'])
})

function make(t: Test): { folder: string; open: () => Promise<Journal>; events: JournalEvent[] } {
  const folder = join(t.testdir(), 'data')
  const events: JournalEvent[] = []
  const opened: Journal[] = []
  t.teardown(() => Promise.all(opened.map((journal) => journal.close())))
  return {
    folder,
    events,
    open: async () => {
      const journal = await openJournal({ folder, report: (event) => events.push(event) })
      opened.push(journal)
      return journal
    },
  }
}

/** Of the one file in the folder. */
async function contents(folder: string): Promise<string> {
  const names = await readdir(folder)
  if (names.length !== 1) throw new Error(`${names.length} files`)
  return await readFile(join(folder, names[0] as string), 'utf8')
}
