import t from 'tap'
import { kinds } from '../../src/settings/kinds.ts'
import type { DeclaredSettings } from '../../src/settings/settings.ts'
import { membersOf, table } from '../../src/settings/table.ts'

t.test('table: every default reads as its kind', async (t) => {
  for (const { path, kind, default: text, choices } of table) {
    if (text === undefined || (kinds[kind].isList && text === '')) continue
    t.ok('value' in kinds[kind].parse(text, choices ?? []), `${path}: ${text}`)
  }
})

t.test('table: paths, variables and flags are unique', async (t) => {
  for (const names of [
    table.flatMap((row) => [row.path, ...(row.aliases ?? [])]),
    table.map((row) => row.env),
    table.map((row) => row.flag),
  ]) {
    const given = names.filter((name) => name !== undefined)
    t.equal(new Set(given).size, given.length)
  }
})

t.test('table: the variables are the documented ones, and no more', async (t) => {
  const documented =
    `ORIGIN_URL HOST PORT ADMIN_HOST ADMIN_PORT ADMIN_TOKEN REDIS_URL REDIS_HOST REDIS_PORT REDIS_PASSWORD REDIS_DB
    REDIS_TLS REDIS_SENTINEL_HOSTS REDIS_SENTINEL_NAME REDIS_CLUSTER_NODES RULES CACHE_PREFIX CACHE_DEFAULT_TTL CACHE_REDIS_ENABLED LOG_LEVEL
    WORKERS`.split(/\s+/)
  const known = table.flatMap((row) => row.env ?? [])
  t.same(known.toSorted(), documented.toSorted())
})

t.test('table: no secret has a flag, where every user of the machine could read it', async (t) => {
  t.same(
    table.filter((row) => kinds[row.kind].isSecret && row.flag !== undefined).map((row) => row.path),
    ['redis.url'],
    'but the URL, which mostly holds none',
  )
})

t.test('table: every leaf of the settings has its row', async (t) => {
  // A section that is new does not compile here before it is counted; a row for what is no leaf does not compile in the table.
  const every: Record<keyof DeclaredSettings, number> = {
    server: 13,
    admin: 3,
    origin: 27,
    redis: 21,
    store: 4,
    rules: 1,
    dataDir: 1,
    jsonLimit: 1,
    prefix: 1,
    defaultTtl: 1,
    log: 2,
    drainTimeout: 1,
    workers: 1,
    service: 1,
  }
  for (const [section, count] of Object.entries(every)) {
    const rows = table.filter(({ path }) => membersOf(path)[0] === section)
    t.equal(rows.length, count, section)
  }
})
