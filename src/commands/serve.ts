/** `serve`: the proxy itself, from settings and rules to the last drained request. */
import { resolve } from 'node:path'
import { type AppOptions, type Running, StartRefused, start } from '../app.ts'
import { type Example, startExample } from '../example/server.ts'
import { demoSecret, signDemoToken } from '../example/token.ts'
import { createLog } from '../observe/log.ts'
import { kinds } from '../settings/kinds.ts'
import { table } from '../settings/table.ts'
import { toSeconds } from '../time.ts'
import type { Flag } from './arguments.ts'
import { formatBanner } from './banner.ts'
import { type Call, type Command, CommandFailure } from './command.ts'
import { environmentFlag, type Loaded, loadConfiguration } from './configuration.ts'
import { followRules } from './reload.ts'
import { type RulesSource, readRules } from './rules-file.ts'
import { obeySignals } from './signals.ts'
import { workerVariable } from './worker-messages.ts'
import { countOfWorkers, startWorkers, type WorkersOptions } from './workers.ts'

const settingFlags: readonly Flag[] = table.flatMap(({ flag, kind, choices, help, env, default: preset }) => {
  if (flag === undefined) return []
  const notes = [choices?.join(' '), preset && `default ${preset}`, env].filter(Boolean).join(', ')
  return [{ name: flag, value: kinds[kind].shape, help: notes === '' ? help : `${help} (${notes})` }]
})

export const serve: Command = {
  usage: '[--rules FILE] [--origin URL] [--redis URL] …',
  about:
    'Starts the proxy. Settings come from config/<env>.yaml, then variables, then these flags; what is cached, and which write purges which\n' +
    'reads, from the rules alone. Without an origin the example API is started too. SIGHUP, or a change of the file, reloads the rules.',
  flags: [...settingFlags, environmentFlag],
  takes: { least: 0, most: 0 },
  examples: ['serve', 'serve --rules rules.yaml --origin http://localhost:4000 --redis redis://localhost:6379'],
  run,
}

async function run(call: Call): Promise<number> {
  if (call.environment.variables[workerVariable] !== undefined)
    return (await import('./worker.ts')).work(call.environment.variables)
  const loaded = loadConfiguration(call, call.flags)
  const { settings } = loaded
  const source: RulesSource = {
    path: resolve(call.environment.cwd, settings.rules),
    name: settings.rules,
    defaults: {
      prefix: settings.prefix,
      defaultTtl: settings.defaultTtl === undefined ? undefined : toSeconds(settings.defaultTtl),
    },
  }
  const first = readRules(source)
  if (first.kind === 'refused') throw new CommandFailure(2, ['The rules are wrong', ...first.problems].join('\n\n'))
  const variables = { ...call.environment.variables }
  if (settings.origin.addresses.length === 0 && isProduction(call)) throw new CommandFailure(2, originMissing)
  const example = settings.origin.addresses.length === 0 ? await openExample(variables) : undefined
  const options = { settings: withOrigin(settings, example), rules: first.rules, env: variables, source, text: first.text }
  const app = await startOrRefuse(options, example)
  for (const warning of first.warnings) app.log.event('warn', 'rules-warning', { warning })
  // Signals first: whoever reads "listening" may send one at once.
  const stopped = untilStopped(app, source, first.text)
  await Promise.all([stopped, announce(call, app, { loaded, example, secret: variables['JWT_SECRET'] })])
  await example?.close()
  return 0
}

const originMissing = 'No origin is configured: set ORIGIN_URL, --origin or origin.addresses to the address of your API'

/** The example API, whose secret everybody knows, is for trying things out. */
function isProduction({ environment, flags }: Call): boolean {
  return (flags['env'] ?? environment.variables['NODE_ENV']) === 'production'
}

/** The example and the rules verify the same tokens, so where nobody chose a secret both get the demo's. */
function openExample(variables: Record<string, string | undefined>): Promise<Example> {
  variables['JWT_SECRET'] ||= demoSecret
  return startExample({ secret: variables['JWT_SECRET'] })
}

function withOrigin(settings: AppOptions['settings'], example: Example | undefined): AppOptions['settings'] {
  return example === undefined ? settings : { ...settings, origin: { ...settings.origin, addresses: [example.url] } }
}

async function startOrRefuse(options: WorkersOptions, example: Example | undefined): Promise<Running> {
  try {
    return await (countOfWorkers(options.settings.workers) === 1 ? start(options) : startWorkers(options))
  } catch (error) {
    await example?.close()
    throw error instanceof StartRefused ? new CommandFailure(2, error.message) : error
  }
}

interface Started {
  readonly loaded: Loaded
  readonly example: Example | undefined
  readonly secret: string | undefined
}

async function announce({ terminal, environment }: Call, app: Running, { loaded, example, secret }: Started): Promise<void> {
  const { settings, sources } = loaded
  const { address, admin, store } = app
  const origin = example?.url ?? settings.origin.addresses.join(', ')
  const isForPeople = terminal.isInteractive || environment.variables['npm_lifecycle_event'] === 'start'
  const hasAdminToken = settings.admin.token !== undefined
  if (!hasAdminToken) app.log.event('warn', 'admin-reads-only', { fix: 'Set ADMIN_TOKEN to purge through the admin API' })
  if (isForPeople) {
    const demoToken = example && signDemoToken({ sub: 'lupita', name: 'Lupita' }, secret)
    terminal.out(formatBanner({ address, admin, store, rules: settings.rules, origin, hasAdminToken, demoToken }))
  }
  // Whoever started it waits for this line, however little else is logged.
  const log = createLog({ level: 'info', sampleHits: 0 })
  const from = Object.fromEntries(
    (['prefix', 'default_ttl'] as const).flatMap((path) => (sources.has(path) ? [[path, sources.get(path)]] : [])),
  )
  const workers = countOfWorkers(settings.workers)
  const listened = { address, admin, store, ...(workers === 1 ? {} : { workers }) }
  log.event('info', 'listening', { ...listened, rules: settings.rules, origin, isExample: example !== undefined, from })
  await log.flush()
}

/** Resolves when it was told to stop and everything in flight has ended. */
function untilStopped(app: Running, source: RulesSource, text: string): Promise<void> {
  const rules = followRules(app, source, text)
  return new Promise((resolve, reject) => {
    obeySignals({
      reload: () => rules.reload(),
      stop(signal) {
        app.log.event('info', 'stopping', { signal })
        rules.close()
        app.close().then(resolve, reject)
      },
    })
  })
}
