/** The suite's client as a process: `client.ts <base URL> [case …]` prints the results as JSON. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { loadTopics, suiteFolder } from './suite.ts'

/** How many cases run at a time: most of them wait for their answers to become stale. */
const together = 170

const [base = '', ...ids] = process.argv.slice(2)
const { runTests, getResults } = await import(join(suiteFolder, 'client/runner.mjs'))
// The client was written for this fetch: it sends fields that Node's own refuses.
const { default: fetch } = await import(createRequire(join(suiteFolder, 'cli.mjs')).resolve('node-fetch'))
const topics = (await loadTopics()).map((topic) => ({
  ...topic,
  tests: ids.length === 0 ? topic.tests : topic.tests.filter(({ id }) => ids.includes(id)),
}))
await runTests(topics, fetch, false, base, together)
process.stdout.write(JSON.stringify(getResults()))
