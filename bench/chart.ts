/**
 * Results as a picture: two bar charts side by side in one SVG, drawn by hand. It follows the reader's light or dark theme, and its axes
 * say what they measure and in which scale.
 */
import type { Row } from './table.ts'

interface Axis {
  readonly title: string
  readonly ticks: readonly number[]
  /** Where a value stands between 0, the axis, and 1, the panel's end. */
  readonly position: (value: number) => number
}

interface Panel {
  readonly x: number
  readonly axis: Axis
  readonly value: (row: Row) => number | undefined
  readonly label: (value: number) => string
}

const nameWidth = 210
const panelWidth = 300
const gap = 90
const rowHeight = 30
const top = 70

const style = `
  .ground { fill: #ffffff }
  text { font: 13px system-ui, sans-serif; fill: #1f2328; paint-order: stroke; stroke: #ffffff; stroke-width: 4px }
  .title { font-size: 15px; font-weight: 600 }
  .axis, .note { font-size: 11px; fill: #59636e }
  .bar { fill: #0969da } .peer { fill: #8c959f }
  .grid { stroke: #d1d9e0 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #f0f6fc; stroke: #0d1117 } .axis, .note { fill: #9198a1 }
    .bar { fill: #4493f8 } .peer { fill: #656c76 }
    .grid { stroke: #3d444d }
  }`

/** `note` says where and when it was measured. Rows whose name starts with a peer's are drawn in grey. */
export function drawChart(rows: readonly Row[], note: string): string {
  const bottom = top + rows.length * rowHeight
  const width = nameWidth + 2 * panelWidth + 2 * gap
  const height = bottom + 84
  const panels = [ratePanel(rows), cpuPanel(rows)]
  const names = rows.map(
    ({ name }, i) => `<text x="${nameWidth - 10}" y="${middle(i)}" text-anchor="end">${escapeText(name)}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>Springhouse benchmark: requests per second and CPU time per request</title>
<style>${style}
</style>
<rect class="ground" width="${width}" height="${height}" rx="6"/>
${names.join('\n')}
${panels.map((panel) => drawPanel(panel, rows, bottom)).join('\n')}
${drawLegend(height - 36)}
<text class="note" x="${nameWidth}" y="${height - 14}">${escapeText(note)}</text>
</svg>
`
}

function ratePanel(rows: readonly Row[]): Panel {
  const decades = Math.max(1, Math.ceil(Math.log10(Math.max(...rows.map(({ requestsPerSecond }) => requestsPerSecond), 10))))
  const ticks = Array.from({ length: decades + 1 }, (_, power) => 10 ** power)
  return {
    x: nameWidth,
    axis: {
      title: 'requests per second (logarithmic)',
      ticks,
      position: (value) => Math.max(0, Math.log10(Math.max(1, value)) / decades),
    },
    value: ({ requestsPerSecond }) => requestsPerSecond,
    label: (value) => Math.round(value).toLocaleString('en'),
  }
}

function cpuPanel(rows: readonly Row[]): Panel {
  const most = Math.max(...rows.map(({ cpuPerRequest }) => cpuPerRequest ?? 0), 1)
  const step = niceStep(most / 4)
  const end = Math.ceil(most / step) * step
  return {
    x: nameWidth + panelWidth + gap,
    axis: {
      title: 'CPU µs per request (less is better)',
      ticks: Array.from({ length: Math.round(end / step) + 1 }, (_, i) => i * step),
      position: (value) => value / end,
    },
    value: ({ cpuPerRequest }) => cpuPerRequest,
    label: (value) => value.toFixed(1),
  }
}

/** The smallest of 1, 2, 5 × a power of ten that is not below. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power
}

function drawPanel({ x, axis, value, label }: Panel, rows: readonly Row[], bottom: number): string {
  const at = (amount: number): number => Math.round(x + axis.position(amount) * panelWidth)
  const grid = axis.ticks.map(
    (tick) => `<line class="grid" x1="${at(tick)}" y1="${top - 8}" x2="${at(tick)}" y2="${bottom}"/>
<text class="axis" x="${at(tick)}" y="${bottom + 16}" text-anchor="middle">${tick.toLocaleString('en')}</text>`,
  )
  const bars = rows.map((row, i) => {
    const amount = value(row)
    if (amount === undefined) return `<text class="axis" x="${x + 6}" y="${middle(i)}">not measured</text>`
    const kind = isPeer(row) ? 'peer' : 'bar'
    return `<rect class="${kind}" x="${x}" y="${middle(i) - 14}" width="${Math.max(1, at(amount) - x)}" height="18" rx="2"/>
<text x="${at(amount) + 6}" y="${middle(i)}">${label(amount)}</text>`
  })
  return `<text class="title" x="${x}" y="${top - 26}">${axis.title}</text>
${[...grid, ...bars].join('\n')}`
}

function drawLegend(y: number): string {
  const entries = [
    { kind: 'bar', text: 'through Springhouse', x: nameWidth },
    { kind: 'peer', text: 'without it, measured in the same run', x: nameWidth + 150 },
  ]
  return entries
    .map(
      ({ kind, text, x }) => `<rect class="${kind}" x="${x}" y="${y - 9}" width="10" height="10" rx="2"/>
<text class="note" x="${x + 16}" y="${y}">${text}</text>`,
    )
    .join('\n')
}

function isPeer({ name }: Row): boolean {
  return /^(bare|nginx|straight)/.test(name)
}

function middle(row: number): number {
  return top + row * rowHeight + 19
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
