// When is a sum right? When each sample is an amount: the kind of a metric says so.
import { createEngine, createSampleBatch } from '@windrow/core'
import { compileText } from '@windrow/query-lang'

const midnightMs = Date.UTC(2026, 0, 1)
await using engine = createEngine({ clock: 'manual' })
const plan = compileText('FROM * SELECT rpc.calls WINDOW 10s COMPUTE sum GROUP BY http.route')
const query = engine.addQuery('calls', plan)

const batch = createSampleBatch()
for (const [route, callsPerSecond] of [
  ['/cart', 30],
  ['/search', 12],
] as const) {
  const labels = { 'http.route': route }
  const series = engine.registry.register({ server: 'web-1', metric: 'rpc.calls', kind: 'delta', labels })
  for (let second = 0; second < 10; second++) batch.push(series, midnightMs + second * 1000, callsPerSecond)
}
engine.ingest(batch, { source: 'quickstart' })
engine.advanceTo(midnightMs + 20_000)
for (const { group, values } of query.latest()) console.log(group['http.route'], values['sum'])

// A gauge is a level: adding levels up would grow with the reporting rate, so a sum of it does not run.
engine.declareMetric('cpu.utilization', { kind: 'gauge', unit: '1' })
const wrong = engine.addQuery('wrong', compileText('FROM * SELECT cpu.utilization WINDOW 10s COMPUTE sum'))
console.log(wrong.state, wrong.problem)
