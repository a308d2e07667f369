/**
 * What the dashboard does: every two seconds, while somebody looks, it fetches numbers and writes them as text. Nothing that it fetches is ever
 * read as HTML. The token stays in the page's memory.
 */
export const dashboardScript: string = `
const every = 2000
const at = (id) => document.getElementById(id)
let token = ''
let rules = []

async function ask(path) {
  const response = await fetch(path, { headers: token === '' ? {} : { authorization: 'Bearer ' + token }, cache: 'no-store' })
  if (response.status === 401) throw new Error('token')
  return response.json()
}

function element(name, text, kind) {
  const made = document.createElement(name)
  if (text !== undefined) made.textContent = text
  if (kind) made.className = kind
  return made
}

function figures(list, pairs) {
  list.replaceChildren(...pairs.map(([name, value, kind]) => {
    const box = element('div')
    box.append(element('dt', name), element('dd', value, kind))
    return box
  }))
}

function showState({ status, reasons }) {
  const state = at('state')
  state.textContent = [status, ...reasons].join(' · ')
  state.className = status === 'ready' && reasons.length === 0 ? 'good' : 'bad'
}

const bytes = (count) => count < 1048576 ? (count / 1024).toFixed(1) + ' KiB' : (count / 1048576).toFixed(1) + ' MiB'

function showParts({ store, ledger, origin }) {
  const link = ({ kind, isConnected }) => [kind + (isConnected ? '' : ', out of reach'), isConnected ? 'good' : 'bad']
  figures(at('parts'), [
    ['Store', ...link(store)],
    ['Ledger', ...link(ledger)],
    ['Entries', store.keys === undefined ? 'not counted' : String(store.keys)],
    ['Memory', store.bytes === undefined ? 'not counted' : bytes(store.bytes)],
    ['Origin', origin.isReachable ? 'reachable' : 'unreachable', origin.isReachable ? 'good' : 'bad'],
    ['Circuit', origin.circuit, origin.circuit === 'closed' ? '' : 'bad'],
    ['At the origin', origin.inFlight + (origin.queued > 0 ? ', ' + origin.queued + ' waiting' : '')],
  ])
}

const number = (count) => count.toLocaleString()

function showSummary(summary) {
  figures(at('figures'), [['Hit rate', summary.hitRate], ...['hits', 'stale', 'misses', 'collapsed', 'bypass', 'sets', 'purges', 'errors']
    .map((name) => [name[0].toUpperCase() + name.slice(1), number(summary[name]), name === 'errors' && summary.errors > 0 ? 'bad' : ''])])
  const declared = new Map(rules.map((rule) => [rule.name, rule]))
  at('rules').replaceChildren(...Object.entries(summary.rules).map(([name, counts]) => {
    const { match = '', ttl = '' } = declared.get(name) ?? {}
    const asked = counts.hits + counts.stale + counts.misses
    const row = element('tr')
    row.append(...[name, match, ttl, asked === 0 ? '–' : counts.hitRate,
      ...['hits', 'stale', 'misses', 'bypass', 'purges', 'errors'].map((key) => number(counts[key]))].map((text) => element('td', text)))
    return row
  }))
  at('since').textContent = 'Counted since ' + new Date(summary.since).toLocaleString()
}

async function refresh() {
  if (document.hidden) return
  try {
    const ready = await ask('/health/ready')
    showState(ready)
    showParts(ready)
    rules = (await ask('/rules')).rules
    showSummary(await ask('/metrics/cache'))
    at('login').hidden = true
    at('main').hidden = false
  } catch (error) {
    const isLocked = error.message === 'token'
    if (isLocked) at('login').hidden = false
    else {
      at('state').textContent = 'Springhouse does not answer'
      at('state').className = 'bad'
    }
  }
}

async function watch() {
  await refresh()
  setTimeout(watch, every)
}

at('login').addEventListener('submit', (event) => {
  event.preventDefault()
  token = at('token').value
  refresh()
})
document.addEventListener('visibilitychange', refresh)
watch()
`
