/**
 * What the dashboard does: every two seconds, while somebody looks, it fetches numbers and writes them as text. Nothing that it fetches is ever
 * read as HTML. The token stays in the page's memory.
 */
export const dashboardScript: string = `
const every = 2000
const at = (id) => document.getElementById(id)
let token = ''
let isLocked = false
let last

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

function figure({ name, value, kind, help, swatch }) {
  const box = element('div')
  const term = element('dt')
  if (swatch) term.append(element('i', '', swatch))
  term.append(name)
  box.append(term, element('dd', value, kind))
  if (help) box.append(element('small', help))
  return box
}

const number = (count) => count.toLocaleString()
const bytes = (count) => count < 1048576 ? (count / 1024).toFixed(1) + ' KiB' : (count / 1048576).toFixed(1) + ' MiB'

function showState({ status, reasons }) {
  at('state').textContent = [status, ...reasons].join(' · ')
  at('state').className = status === 'ready' && reasons.length === 0 ? 'good' : 'bad'
}

function waitingPurges({ waiting }) {
  return waiting === 0 ? 'knows what was purged, and when' : number(waiting) + ' labels wait until Redis has purged them'
}

function showParts({ store, ledger, origin }) {
  const link = (kind, isThere, absence) => ({ value: kind + (isThere ? '' : ', ' + absence), kind: isThere ? 'good' : 'bad' })
  at('parts').replaceChildren(...[
    { name: 'Store', ...link(store.kind, store.isConnected, 'out of reach'), help: 'keeps the entries' },
    { name: 'Ledger', ...link(ledger.kind, ledger.isAttached, 'detached'), help: waitingPurges(ledger) },
    { name: 'Entries', value: store.keys === undefined ? 'not counted' : number(store.keys), help: 'purged ones included' },
    { name: 'Memory', value: store.bytes === undefined ? 'not counted' : bytes(store.bytes), help: 'that they take' },
    { name: 'Origin', value: origin.isReachable ? 'reachable' : 'unreachable', kind: origin.isReachable ? 'good' : 'bad', help: 'the API behind' },
    { name: 'Circuit', value: origin.circuit, kind: origin.circuit === 'closed' ? 'good' : 'bad', help: 'open: the origin is left alone' },
    { name: 'Under way', value: number(origin.inFlight), help: origin.queued === 0 ? 'requests at the origin now' : number(origin.queued) + ' more wait' },
  ].map(figure))
}

const outcomes = [
  ['hits', 'from the store, fresh'],
  ['stale', 'from the store, past its lifetime'],
  ['misses', 'waited for the origin'],
  ['bypass', 'writes, and what is never stored'],
]

function bar(counts) {
  const drawn = element('div', undefined, 'bar')
  for (const [name] of outcomes) {
    const part = element('i', '', name)
    part.style.flexGrow = counts[name]
    drawn.append(part)
  }
  return drawn
}

const capital = (text) => text[0].toUpperCase() + text.slice(1)
const answered = (counts) => outcomes.reduce((sum, [name]) => sum + counts[name], 0)
const rateOf = (counts) => counts.hits + counts.stale + counts.misses === 0 ? '–' : counts.hitRate

function showSummary(summary) {
  at('rate').textContent = rateOf(summary)
  at('bar').replaceWith(Object.assign(bar(summary), { id: 'bar' }))
  at('outcomes').replaceChildren(...outcomes.map(([name, help]) =>
    figure({ name: capital(name), value: number(summary[name]), help, swatch: name })))
  at('work').replaceChildren(...[
    { name: 'Stored', value: number(summary.sets), help: 'answers put into the store' },
    { name: 'Collapsed', value: number(summary.collapsed), help: "misses that shared another's request" },
    { name: 'Purges', value: number(summary.purges), help: number(summary.deletes) + ' labels purged by them' },
    { name: 'Errors', value: number(summary.errors), kind: summary.errors > 0 ? 'bad' : '', help: 'failed, refused, or trouble of the store' },
  ].map(figure))
  const time = Date.parse(summary.lastUpdated)
  const rate = last && time > last.at ? Math.max(0, answered(summary) - last.count) * 1000 / (time - last.at) : 0
  last = { at: time, count: answered(summary) }
  at('now').textContent = number(Math.round(rate)) + ' requests/s now · counted since ' + new Date(summary.since).toLocaleString()
}

function showRules(counted, listed) {
  const declared = new Map(listed.map((rule) => [rule.name, rule]))
  at('rules').replaceChildren(...Object.entries(counted).map(([name, counts]) => {
    const { match = '', key, ttl = '', scope, mode, purges } = declared.get(name) ?? {}
    const row = element('tr')
    const matched = element('td', match)
    if (key !== undefined && mode !== 'off') matched.append(element('small', 'key ' + key))
    if (purges !== undefined) matched.append(element('small', 'purges ' + purges.join(', ')))
    const kept = element('td', mode === 'off' ? 'off' : ttl)
    if (mode === 'on' && scope !== 'unset') kept.append(element('small', scope))
    if (mode === 'shadow') kept.append(element('small', mode))
    const rate = element('td', rateOf(counts), rateOf(counts) === '–' ? 'zero' : '')
    if (rateOf(counts) !== '–') rate.append(bar(counts))
    row.append(element('td', name), matched, kept, rate, ...['hits', 'stale', 'misses', 'bypass', 'purges', 'errors'].map((one) =>
      element('td', number(counts[one]), counts[one] === 0 ? 'zero' : one === 'errors' ? 'bad' : '')))
    return row
  }))
}

function lock() {
  isLocked = true
  last = undefined
  at('login').hidden = false
  at('main').hidden = true
  at('wrong').hidden = token === ''
  at('token').focus()
}

async function refresh() {
  if (document.hidden) return
  try {
    const ready = await ask('/health/ready')
    showState(ready)
    if (isLocked) return
    const [summary, { rules }] = await Promise.all([ask('/metrics/cache'), ask('/rules')])
    showParts(ready)
    showSummary(summary)
    showRules(summary.rules, rules)
    at('login').hidden = true
    at('main').hidden = false
    at('main').className = ''
  } catch (error) {
    if (error.message === 'token') return lock()
    at('main').className = 'old'
    at('state').textContent = 'Springhouse does not answer'
    at('state').className = 'bad'
  }
}

async function watch() {
  await refresh()
  setTimeout(watch, every)
}

at('login').addEventListener('submit', (event) => {
  event.preventDefault()
  token = at('token').value
  isLocked = false
  refresh()
})
document.addEventListener('visibilitychange', refresh)
watch()
`
