import { mkdir, readdir, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { JournalFolder } from '../../src/ledger/journal-folder.ts'

t.test('an append is on disk in the one file, which only its owner may read', async (t) => {
  const { folder, journal } = await make(t)
  await journal.rewrite(['k:a'])
  t.equal(await journal.append([['k:b'], ['k:c']]), true)
  const [name = ''] = await readdir(folder)
  t.equal((await readFile(join(folder, name), 'utf8')).split('\n').length, 4)
  t.equal((await stat(join(folder, name))).mode & 0o777, 0o600)
  t.equal((await stat(folder)).mode & 0o777, 0o700)
})

t.test('what is taken over stays on disk until it stands in another file', async (t) => {
  const { folder, journal } = await make(t)
  await journal.rewrite(['k:a'])
  await journal.append([['k:b']])
  await journal.close()
  const second = another(t, folder)
  t.same(await second.inherit(), { labels: ['k:a', 'k:b'], unknown: undefined })
  t.equal((await readdir(folder)).length, 1, 'taken, but not removed')
  t.same(await another(t, folder).inherit(), { labels: ['k:a', 'k:b'], unknown: undefined }, 'its taker died')
})

t.test('whoever appends to a file that was taken is told so', async (t) => {
  const { folder, journal } = await make(t)
  await journal.rewrite(['k:a'])
  const second = another(t, folder)
  t.same((await second.inherit()).labels, ['k:a'])
  t.equal(await journal.append([['k:b']]), false)
  await journal.rewrite(['k:a', 'k:b'])
  await second.rewrite(['k:a'])
  t.equal((await readdir(folder)).length, 2, 'each has one of its own')
  t.equal(await journal.append([['k:c']]), true)
  await journal.clear()
  t.same((await another(t, folder).inherit()).labels, ['k:a'])
})

t.test('a rewrite that fails leaves the older file, and the next one removes both', async (t) => {
  const { folder, journal } = await make(t)
  await journal.rewrite(['k:a'])
  const [older = ''] = await readdir(folder)
  await rename(folder, `${folder}-away`)
  await writeFile(folder, 'no folder')
  await t.rejects(journal.rewrite(['k:b']))
  await rename(folder, `${folder}-file`)
  await rename(`${folder}-away`, folder)
  t.same(await readdir(folder), [older])
  await journal.rewrite(['k:b'])
  t.equal((await readdir(folder)).length, 1)
  t.same((await another(t, folder).inherit()).labels, ['k:b'])
})

t.test('a torn file and one that cannot be read are unknown; the others are read all the same', async (t) => {
  const { folder, journal } = await make(t)
  await journal.rewrite(['k:a'])
  await writeFile(join(folder, 'purges-x.journal'), '1 torn')
  t.match(await another(t, folder).inherit(), { labels: ['k:a'], unknown: /torn, or of another version/ })

  await mkdir(join(folder, 'purges-y.journal'))
  const third = another(t, folder)
  t.match(await third.inherit(), { unknown: /EISDIR|torn/ })
  await third.rewrite(['all'])
  t.equal((await readdir(folder)).length, 2, 'its own, and what cannot be removed')
  await t.rejects(third.clear(), 'which is said when nothing else is left')
})

t.test('a file too large to be a journal is not read into memory', async (t) => {
  const { folder, journal } = await make(t)
  const path = join(folder, 'purges-x.journal')
  await writeFile(path, '')
  await truncate(path, 2 ** 40)
  t.match((await journal.inherit()).unknown, /torn/)
})

t.test('what is no journal is left alone', async (t) => {
  const { folder, journal } = await make(t)
  await writeFile(join(folder, 'notes.txt'), 'mine')
  await mkdir(join(folder, 'purges-folder'))
  t.same(await journal.inherit(), { labels: [], unknown: undefined })
  await journal.rewrite(['k:a'])
  await journal.clear()
  t.same((await readdir(folder)).sort(), ['notes.txt', 'purges-folder'])
})

t.test('a folder that cannot be made is said at the start, and holds nothing', async (t) => {
  const { folder } = await make(t)
  await writeFile(join(folder, 'file'), '')
  const journal = new JournalFolder(join(folder, 'file', 'below'))
  await t.rejects(journal.prepare(), /ENOTDIR/)
  t.same(await journal.inherit(), { labels: [], unknown: undefined })
})

async function make(t: Test): Promise<{ folder: string; journal: JournalFolder }> {
  const folder = join(t.testdir(), 'data')
  const journal = another(t, folder)
  await journal.prepare()
  return { folder, journal }
}

function another(t: Test, folder: string): JournalFolder {
  const journal = new JournalFolder(folder)
  t.teardown(() => journal.close())
  return journal
}
