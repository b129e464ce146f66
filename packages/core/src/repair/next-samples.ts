import { PAIRED_WITHIN_MS } from '../counter/pair-rule.ts'
import type { SampleBatch } from '../ingest/sample-batch.ts'
import type { WindowScheme } from '../window/window-scheme.ts'
import type { RepairRange, RepairWindow } from './repair-ranges.ts'

/**
 * The windows beyond a range whose increase a late sample in it may have changed: those that hold the next sample of a
 * series, for each series with a sample in the range at most `PAIRED_WITHIN_MS` before its end. `scan` reads raw samples,
 * in the order of their times from batch to batch. It ends with the last of the samples looked for, at the latest
 * `PAIRED_WITHIN_MS` after the range. By start, each once.
 */
export async function windowsOfNext(
  { fromMs, toMs }: Pick<RepairRange, 'fromMs' | 'toMs'>,
  scheme: WindowScheme,
  scan: (fromMs: number, toMs: number) => AsyncIterable<SampleBatch>,
): Promise<RepairWindow[]> {
  const byStart = new Map<number, RepairWindow>()
  const waiting = new Set<number>()
  for await (const batch of scan(Math.max(fromMs, toMs - PAIRED_WITHIN_MS), toMs + PAIRED_WITHIN_MS)) {
    const { series, timestampsMs, length } = batch
    const nextMs = new Map<number, number>()
    for (let row = 0; row < length; row++) if (timestampsMs[row]! < toMs) waiting.add(series[row]!)
    let isPast = false
    for (let row = 0; row < length; row++) {
      const timeMs = timestampsMs[row]!
      if (timeMs < toMs) continue
      isPast = true
      const ref = series[row]!
      if (waiting.has(ref) && timeMs < (nextMs.get(ref) ?? Number.POSITIVE_INFINITY)) nextMs.set(ref, timeMs)
    }
    for (const [ref, timeMs] of nextMs) {
      waiting.delete(ref)
      for (const window of windowsHolding(timeMs, scheme)) byStart.set(window.startMs, window)
    }
    if (isPast && waiting.size === 0) break
  }
  return [...byStart.values()].filter(({ endMs }) => endMs > toMs).sort((a, b) => a.startMs - b.startMs)
}

function* windowsHolding(timeMs: number, scheme: WindowScheme): Generator<RepairWindow> {
  const lastEndMs = scheme.lastEndHolding(timeMs)
  for (let endMs = scheme.firstEndAfter(timeMs); endMs <= lastEndMs; endMs = scheme.firstEndAfter(endMs))
    yield { startMs: scheme.startOf(endMs), endMs }
}
