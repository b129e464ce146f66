// Which server was slow, in the hour that is over?
import { createEngine, createSampleBatch } from '@windrow/core'
import { compileText } from '@windrow/query-lang'
import { memoryAdapter } from '@windrow/storage-adapters/memory'

const noonMs = Date.UTC(2026, 0, 1, 12)
await using engine = createEngine({ clock: 'manual', storage: memoryAdapter() })
engine.advanceTo(noonMs)

const batch = createSampleBatch()
for (const [server, slowdown] of [
  ['web-1', 1],
  ['web-2', 4],
] as const) {
  const series = engine.registry.register({ server, metric: 'request.duration', kind: 'gauge', labels: {} })
  for (let minute = 0; minute < 60; minute++) batch.push(series, noonMs + minute * 60_000, slowdown * (minute + 1))
}
engine.ingest(batch, { source: 'quickstart' })
engine.advanceTo(noonMs + 3_600_000)
await engine.flush()

// The same text could be a stored query; SINCE and UNTIL make it a question about the past.
const plan = compileText(`FROM web-* SELECT request.duration WINDOW 1h COMPUTE percentile(50), percentile(95), max
  GROUP BY server SINCE "2026-01-01T12:00:00Z" UNTIL "2026-01-01T13:00:00Z"`)
for await (const { group, values } of engine.run(plan)) console.log(group['server'], { ...values })
