import t from 'tap'
import { drawChart } from '../../bench/chart.ts'
import { row, rows } from './rows.ts'

t.test('drawChart: a well-formed picture with every row, both axes, for light and dark', async (t) => {
  const svg = drawChart([...rows, row('a <b> & c', {})], 'Node, 2 × CPU')
  const open: string[] = []
  for (const [, close = '', name = '', self = ''] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (close !== '') t.equal(open.pop(), name, `</${name}> closes what was opened last`)
    else if (self === '') open.push(name)
  }
  t.same(open, [])
  for (const { name } of rows) t.match(svg, `>${name}<`)
  t.match(svg, 'a &lt;b&gt; &amp; c')
  t.match(svg, 'requests per second (logarithmic)')
  t.match(svg, 'CPU µs per request')
  t.match(svg, 'through Springhouse')
  t.match(svg, 'prefers-color-scheme: dark')
  t.notMatch(svg, 'NaN')
  const widths = [...svg.matchAll(/<rect class="(?:bar|peer)"[^>]* width="(\d+)"/g)].map(([, width]) => Number(width))
  t.ok(widths.every((width) => width > 0 && width <= 300))
})
