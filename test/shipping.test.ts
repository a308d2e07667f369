/**
 * What ships beside the code: nobody builds an image in a test, so these files are parsed and held against each other and the
 * repository. A dashboard that names a metric which does not exist is an empty panel that nobody notices.
 */
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects, and fails when it is not there
type Parsed = any

const metrics = new Set([
  ...['hits', 'misses', 'stale', 'bypass', 'sets', 'deletes', 'purges', 'collapsed', 'errors'].map(
    (name) => `cache_${name}_total`,
  ),
  ...['cache_hit_rate', 'cache_keys_total', 'cache_bytes', 'cache_connected', 'ledger_attached', 'ledger_waiting_labels'],
  ...['http_request_duration_seconds', 'origin_request_duration_seconds', 'origin_in_flight'],
])
const labels = new Set(['service', 'rule', 'tier', 'outcome', 'reason', 'instance', 'le'])

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const exists = (path: string): boolean => existsSync(new URL(`../${path}`, import.meta.url))

t.test('compose.yaml: proxy, Redis that keeps the ledger, Prometheus, Grafana; every mounted file is there', async (t) => {
  const { services, secrets } = parse(read('config/compose.yaml')) as Parsed
  for (const name of ['proxy', 'redis', 'prometheus', 'grafana']) t.ok(services[name], name)
  const redis: string[] = services.redis.command
  t.equal(redis[redis.indexOf('--maxmemory-policy') + 1], 'volatile-lru')
  t.equal(services.redis.ports, undefined, 'Redis is not published')
  t.match(services.proxy.environment.ADMIN_TOKEN, /^\$\{ADMIN_TOKEN:\?/, 'an admin port beyond loopback wants a token')
  const folder = (parse(read('config/production.yaml')) as Parsed).data_dir.replace(/^\./, '/app')
  t.ok(services.proxy.volumes.includes(`data:${folder}`), 'purges that wait outlive the container')
  t.match(read('Dockerfile'), 'RUN mkdir data && chown node:node data', 'and may be written there')
  for (const name of services.prometheus.secrets) t.ok(secrets[name], name)
  for (const [name, { volumes = [] }] of Object.entries<Parsed>(services)) {
    for (const [source = ''] of volumes.map((volume: string) => volume.split(':'))) {
      if (source.startsWith('.')) t.ok(exists(`config/${source}`), `${name} mounts ${source}`)
    }
  }
})

t.test('prometheus.yaml: scrapes the admin port of the proxy that compose starts', async (t) => {
  const [job] = (parse(read('config/prometheus.yaml')) as Parsed).scrape_configs
  t.equal(job.metrics_path, '/metrics')
  t.same(job.static_configs[0].targets, ['proxy:8081'])
  t.equal(job.authorization.credentials_file, '/run/secrets/admin_token')
})

t.test('grafana: the dashboard names metrics, labels and a data source that exist', async (t) => {
  const dashboard = JSON.parse(read('config/grafana/dashboards/springhouse.json')) as Parsed
  const { datasources } = parse(read('config/grafana/provisioning/datasources/prometheus.yaml')) as Parsed
  const named = new Set<string>()
  const grouped = new Set<string>()
  for (const { title, datasource, targets } of dashboard.panels) {
    t.equal(datasource.uid, datasources[0].uid, title)
    for (const { expr } of targets as { expr: string }[]) {
      for (const [name] of expr.matchAll(/\b[a-z]+(_[a-z]+)+\b/g)) {
        if (name !== 'histogram_quantile') named.add(name.replace(/_(bucket|sum|count)$/, ''))
      }
      for (const [, list = ''] of expr.matchAll(/\bby \(([^)]*)\)/g)) for (const label of list.split(', ')) grouped.add(label)
    }
  }
  t.same(
    [...named].filter((name) => !metrics.has(name)),
    [],
    'no metric that does not exist',
  )
  t.same(
    [...metrics].filter((name) => !named.has(name)),
    [],
    'every metric is on it',
  )
  t.same(
    [...grouped].filter((label) => !labels.has(label)),
    [],
    'no label that does not exist',
  )
  const [provider] = (parse(read('config/grafana/provisioning/dashboards/springhouse.yaml')) as Parsed).providers
  const mounts: string[] = (parse(read('config/compose.yaml')) as Parsed).services.grafana.volumes
  t.ok(mounts.includes(`./grafana/dashboards:${provider.options.path}:ro`), 'it is mounted where it is looked for')
})

t.test('Dockerfile: two stages, not root, a health check, and nothing copied that is not there', async (t) => {
  const lines = read('Dockerfile').replaceAll('\\\n', ' ').split('\n')
  const of = (instruction: string): string[] => lines.filter((line) => line.startsWith(`${instruction} `))
  t.equal(of('FROM').length, 2)
  t.same(of('USER'), ['USER node'])
  t.ok(lines.lastIndexOf('USER node') > lines.findLastIndex((line) => /^(RUN|COPY) /.test(line)), 'files stay root’s')
  t.match(of('HEALTHCHECK').join(), '/health/live')
  const healthCheck: string[] = JSON.parse(of('HEALTHCHECK').join().split(' CMD ')[1] ?? '')
  t.equal(healthCheck[0], 'node')
  const admitted = read('.dockerignore').split('\n')
  for (const line of of('COPY').filter((line) => !line.includes('--from='))) {
    for (const source of line.split(' ').slice(1, -1)) {
      t.ok(exists(source), `${source} exists`)
      t.ok(admitted.includes(`!${source}`), `${source} is not ignored`)
    }
  }
})
