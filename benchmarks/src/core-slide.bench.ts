import { createEngine, createSampleBatch, type Engine, type SeriesRef } from '@windrow/core'
import { compileText } from '@windrow/query-lang'
import { measureTogether, type Report, spreadOf } from './harness.ts'
import { createRandom } from './seed.ts'

const GROUPS = 100
const LATE_PERCENT = 1
const START_MS = Date.UTC(2026, 0, 5)
/** Until the longest window is full. */
const WARMUP_S = 3_700

interface Scenario {
  readonly engine: Engine
  /** Sends one second and moves the clock: one row a group, and corrections. Returns the rows so far. */
  second(): number
}

/** Each group reports once a second; of the samples sent besides, most are seconds late and some minutes. */
function scenario(window: string): Scenario {
  const engine = createEngine({ clock: 'manual' })
  engine.advanceTo(START_MS)
  const random = createRandom(11)
  const refs: SeriesRef[] = Array.from({ length: GROUPS }, (_, group) =>
    engine.registry.register({ server: `web-${group}`, metric: 'm', kind: 'distribution' }),
  )
  let rows = 0
  engine
    .addQuery(
      'q',
      compileText(`FROM * SELECT m WINDOW ${window} COMPUTE count, sum, min, max, percentile(99) GROUP BY server`),
    )
    .subscribe(() => rows++)
  const batch = createSampleBatch(2 * GROUPS)
  let seconds = 0
  return {
    engine,
    second() {
      const timeMs = START_MS + seconds * 1_000
      batch.clear()
      for (const ref of refs) {
        const value = random.lognormal(0, 1)
        batch.push(ref, timeMs + 500, value)
        if (random.below(100) >= LATE_PERCENT) continue
        const lateMs = random.below(10) === 0 ? random.below(3_000_000) : random.below(8_000)
        batch.push(ref, Math.max(START_MS, timeMs - 2_000 - lateMs), value)
      }
      engine.ingest(batch, { source: 'bench' })
      seconds++
      engine.advanceTo(timeMs + 1_000)
      return rows
    },
  }
}

/** What a long sliding window costs beside a short one: samples and emission together, per second of data. */
export async function run(report: Report): Promise<void> {
  const long = scenario('1h EVERY 1s')
  const short = scenario('1m EVERY 1s')
  const measured = await measureTogether(
    { long: long.second, short: short.second },
    { warmup: WARMUP_S, repetitions: 501 },
  )
  for (const { second, engine } of [long, short]) {
    const rows = second()
    if (rows < GROUPS * (WARMUP_S + 490)) throw new Error(`${rows} rows came out of ${WARMUP_S + 502} s`)
    await engine.close()
  }
  report({
    name: 'core/slide 1h',
    unit: 'K rows/s',
    value: GROUPS / measured.long.median,
    spread: spreadOf(measured.long),
    peer: 'core/slide 1m',
    peerValue: GROUPS / measured.short.median,
    ratio: measured.short.median / measured.long.median,
  })
}
