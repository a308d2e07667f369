/**
 * Every order of the steps of the protocol, in small worlds: nothing old is served but within the bound, whatever goes wrong; and whoever
 * weakens the protocol is told by which steps it then serves something old. LEDGER_MODEL_STATES=100000 looks so far into larger worlds.
 */
import t from 'tap'
import { type Deviation, deviations } from './model/deviation.ts'
import { type Explored, explore, exploreWorkers } from './model/explore.ts'
import type { Scenario } from './model/scenario.ts'
import { campaign, scenarios } from './model/scenarios.ts'
import { workerDeviations } from './model/workers.ts'

const mostStates = 120_000
const campaignStates = Number(process.env['LEDGER_MODEL_STATES'] ?? 0)

t.test('the protocol serves nothing old, in any order of steps', async (t) => {
  for (const scenario of scenarios) {
    const explored = explore(scenario, undefined, mostStates)
    t.same(explored.old, undefined, said(scenario.name, explored))
    t.notOk(explored.isCut, `${scenario.name}: seen to its end`)
  }
})

t.test('larger worlds, as far as they were asked for', async (t) => {
  if (campaignStates === 0) return
  for (const scenario of campaign) {
    const explored = explore(scenario, undefined, campaignStates)
    t.same(explored.old, undefined, said(scenario.name, explored))
  }
})

t.test('a protocol that is almost the right one serves something old', async (t) => {
  for (const [deviation, name] of Object.entries(deviations) as Array<[Deviation, string]>) {
    const scenario = scenarios.find((one) => one.name === name) as Scenario
    const explored = explore(scenario, deviation, mostStates)
    t.ok(explored.old, said(`${deviation} (${name})`, explored))
  }
})

t.test('workers without Redis serve nothing old after an acknowledged write', async (t) => {
  const explored = exploreWorkers(undefined, mostStates)
  t.same(explored.old, undefined, said('workers', explored))
  t.notOk(explored.isCut)
  for (const deviation of workerDeviations) {
    const explored = exploreWorkers(deviation, mostStates)
    t.ok(explored.old, said(deviation, explored))
  }
})

function said(name: string, { states, old, isCut }: Explored): string {
  return `${name}: ${states} states${isCut ? ' and more' : ''}${old === undefined ? '' : `: ${old.join(' · ')}`}`
}
