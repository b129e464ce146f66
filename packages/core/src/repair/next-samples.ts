import { PAIRED_WITHIN_MS } from '../counter/pair-rule.ts'
import type { SampleBatch } from '../ingest/sample-batch.ts'
import type { WindowScheme } from '../window/window-scheme.ts'
import type { RepairWindow } from './repair-ranges.ts'

/** Windows of which each is the next one of that before it. */
export interface WindowRun {
  readonly windows: readonly RepairWindow[]
  /** A sample at or after this is in a window that is not of the run: the start of the one after it. */
  readonly toMs: number
}

/** Each window is in one run. */
export function runsOf(windows: readonly RepairWindow[], scheme: WindowScheme): WindowRun[] {
  const runs: { windows: RepairWindow[]; toMs: number }[] = []
  for (const window of [...windows].sort((a, b) => a.startMs - b.startMs)) {
    const toMs = scheme.startOf(scheme.firstEndAfter(window.endMs))
    const last = runs[runs.length - 1]
    if (last === undefined || last.toMs !== window.startMs) runs.push({ windows: [window], toMs })
    else {
      last.windows.push(window)
      last.toMs = toMs
    }
  }
  return runs
}

/**
 * The windows whose increase late samples may have changed that only windows of the run hold: those that hold the next
 * sample of a series at or after `toMs`, for each series that has one less than `PAIRED_WITHIN_MS` before. `scan` reads
 * raw samples, in the order of their times from batch to batch. It ends with the last of those looked for, at the latest
 * `PAIRED_WITHIN_MS` after `toMs`. Each once, some of the run perhaps among them.
 */
export async function windowsOfNext(
  { windows, toMs }: WindowRun,
  scheme: WindowScheme,
  scan: (fromMs: number, toMs: number) => AsyncIterable<SampleBatch>,
): Promise<RepairWindow[]> {
  const byStart = new Map<number, RepairWindow>()
  const waiting = new Set<number>()
  for await (const batch of scan(Math.max(windows[0]!.startMs, toMs - PAIRED_WITHIN_MS), toMs + PAIRED_WITHIN_MS)) {
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
  return [...byStart.values()]
}

function* windowsHolding(timeMs: number, scheme: WindowScheme): Generator<RepairWindow> {
  const lastEndMs = scheme.lastEndHolding(timeMs)
  for (let endMs = scheme.firstEndAfter(timeMs); endMs <= lastEndMs; endMs = scheme.firstEndAfter(endMs))
    yield { startMs: scheme.startOf(endMs), endMs }
}
