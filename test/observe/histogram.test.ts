import t from 'tap'
import { bounds, Histogram } from '../../src/observe/histogram.ts'

t.test('Histogram puts each duration into the first bucket that holds it', async (t) => {
  const histogram = new Histogram()
  for (const duration of [0, 0.0001, 0.0002, 0.15, 30, 31]) histogram.observe(duration)
  t.equal(histogram.count, 6)
  t.equal(histogram.sum, 61.1503)
  t.equal(histogram.buckets[0], 2, 'a bound is inclusive')
  t.equal(histogram.buckets[1], 1)
  t.equal(histogram.buckets[bounds.indexOf(0.25)], 1)
  t.equal(histogram.buckets[bounds.indexOf(30)], 1)
  t.equal(histogram.buckets[bounds.length], 1, 'above every bound')
})

t.test('Histogram counts a duration that makes no sense as nothing', async (t) => {
  const histogram = new Histogram()
  histogram.observe(-1)
  histogram.observe(Number.NaN)
  t.equal(histogram.count, 2)
  t.equal(histogram.sum, 0)
})
