import { expect, test } from 'vitest'
import { createSampleBatch, type SeriesRef } from '../../src/index.ts'
import { readSnapshot } from '../../src/snapshot/read-snapshot.ts'
import { SnapshotWriter } from '../../src/snapshot/snapshot-writer.ts'
import { freshState } from './leaf-state.ts'

const SERIES = 100_000
/** What engines have by default. */
const DEDUP_HORIZON_MS = 610_000
const T0 = 1_700_000_000_000
const ANY_TIME = { oldestMs: 0, newestMs: Number.MAX_VALUE, progressMs: Number.MAX_VALUE }

test('a hundred thousand series: how long the engine stands still, how large it is, how long it takes to come back', async () => {
  const { registry, screen, save } = freshState(DEDUP_HORIZON_MS)
  for (let i = 0; i < SERIES; i++)
    registry.register({
      metric: `http.server.request.${i % 50}`,
      kind: 'gauge',
      resource: { 'host.name': `web-${Math.floor(i / 200)}`, 'service.name': 'shop', 'cloud.region': 'eu-1' },
      labels: { route: `/api/v1/things/${i % 20}`, method: i % 2 === 0 ? 'GET' : 'POST', instance: `i-${i}` },
    })
  for (const timeMs of [T0, T0 + 10_000]) {
    const batch = createSampleBatch(SERIES)
    for (let ref = 0; ref < SERIES; ref++) batch.push(ref as SeriesRef, timeMs, ref)
    screen.screen(batch, 0, ANY_TIME)
  }
  const startedMs = performance.now()
  const snapshot = new SnapshotWriter({ createdMs: T0 })
  save(snapshot)
  const capturedMs = performance.now()
  const chunks = [...snapshot.chunks()]
  const handedOutMs = performance.now()
  const copy = freshState(DEDUP_HORIZON_MS)
  const { sizeBytes } = await readSnapshot(chunks, copy.loaders)
  const restoredMs = performance.now()
  console.log(
    `${SERIES} series: captured in ${(capturedMs - startedMs).toFixed(1)} ms,`,
    `handed out in ${(handedOutMs - capturedMs).toFixed(0)} ms, ${(sizeBytes / 1e6).toFixed(1)} MB,`,
    `restored in ${(restoredMs - handedOutMs).toFixed(0)} ms`,
  )
  expect(copy.registry.describe((SERIES - 1) as SeriesRef)).toEqual(registry.describe((SERIES - 1) as SeriesRef))
  const again = createSampleBatch(SERIES)
  for (let ref = 0; ref < SERIES; ref++) again.push(ref as SeriesRef, T0, ref)
  expect(copy.screen.screen(again, 0, ANY_TIME)).toMatchObject({ accepted: 0, duplicates: SERIES })
}, 60_000)
