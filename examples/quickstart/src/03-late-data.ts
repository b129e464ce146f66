// What happens to a sample that comes after its window is out?
import { createEngine, createSampleBatch } from '@windrow/core'
import { compileText } from '@windrow/query-lang'

const midnightMs = Date.UTC(2026, 0, 1)
await using engine = createEngine({ clock: 'manual' })
const query = engine.addQuery('load', compileText('FROM web-1 SELECT load WINDOW 5s COMPUTE avg LATENESS 10s'))
query.subscribe(({ values, revision, lateApplied }) => {
  console.log('avg', values['avg'], 'emission', revision % 65_536, 'late samples', lateApplied)
})

const series = engine.registry.register({ server: 'web-1', metric: 'load', kind: 'gauge', labels: {} })
function send(second: number, value: number): void {
  const batch = createSampleBatch(1)
  batch.push(series, midnightMs + second * 1000, value)
  engine.ingest(batch, { source: 'quickstart' })
}

send(1, 10)
engine.advanceTo(midnightMs + 15_000) // the window of second 1 is out
send(2, 30) // late, but within LATENESS: the window comes again
engine.advanceTo(midnightMs + 20_000)
engine.advanceTo(midnightMs + 60_000)
send(3, 90) // too late: counted, never silently lost
console.log('dropped', query.counters.lateDropped)
