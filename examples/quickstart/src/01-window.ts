// What was the load in each five seconds?
import { createEngine, createSampleBatch } from '@windrow/core'
import { compileText } from '@windrow/query-lang'

const midnightMs = Date.UTC(2026, 0, 1)
await using engine = createEngine({ clock: 'manual' })

const plan = compileText('FROM web-1 SELECT cpu.utilization WINDOW 5s COMPUTE avg, max')
const query = engine.addQuery('load', plan)
query.subscribe(({ startMs, endMs, values, count }) => {
  console.log(`${(startMs - midnightMs) / 1000}..${(endMs - midnightMs) / 1000} s`, { ...values, count })
})

const series = engine.registry.register({ server: 'web-1', metric: 'cpu.utilization', kind: 'gauge', labels: {} })
const batch = createSampleBatch()
for (let second = 0; second < 10; second++) batch.push(series, midnightMs + second * 1000, second * 10)
engine.ingest(batch, { source: 'quickstart' })

// A window is out once no more is expected for it: 10 s after its end. With `clock: 'system'` time passes by itself.
engine.advanceTo(midnightMs + 20_000)
