import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import type { RecentTimes } from './recent-times.ts'

/** Writes the times of the series `from` to `to - 1` that have any. */
export function saveTimes(writer: StateWriter, times: RecentTimes, from: number, to: number): void {
  const refs: number[] = []
  let entries = 0
  for (let ref = from; ref < to; ref++) {
    const count = times.count(ref)
    if (count === 0) continue
    refs.push(ref)
    entries += count
  }
  const lows = new Uint32Array(entries)
  const spans = new Uint32Array(entries)
  let next = 0
  for (const ref of refs)
    times.forEach(ref, (low, span) => {
      lows[next] = low
      spans[next++] = span
    })
  writer.row(Uint32Array.from(refs, (ref) => ref - from))
  writer.row(Uint32Array.from(refs, (ref) => times.count(ref)))
  writer.row(lows)
  // Only amounts have any.
  writer.row(spans.some((span) => span !== 0) ? spans : spans.subarray(0, 0))
}

export interface LoadTimesOptions {
  /** The series of the section: `from` to `to - 1`. */
  readonly from: number
  readonly to: number
  readonly horizonMs: number
  /** The greatest time of a series before the snapshot. */
  readonly lastMsOf: (ref: number) => number
}

/** Reads what `saveTimes` wrote, as far as it is within the horizon; returns the series that there is no room for. */
export function loadTimes(reader: StateReader, times: RecentTimes, options: LoadTimesOptions): number[] {
  const { from, to, horizonMs, lastMsOf } = options
  const { offset } = reader
  const refs = reader.u32s('series with times')
  const counts = reader.u32s('numbers of times')
  const lows = reader.u32s('times')
  const spans = reader.u32s('spans of times')
  const entries = counts.reduce((sum, count) => sum + count, 0)
  if (counts.length !== refs.length || lows.length !== entries || (spans.length > 0 && spans.length !== entries))
    reader.corrupt('times of series are not as many as is said', offset)
  const homeless: number[] = []
  let next = 0
  for (let i = 0; i < refs.length; i++) {
    if (refs[i]! >= to - from || (i > 0 && refs[i]! <= refs[i - 1]!)) reader.corrupt('series with times', offset)
    const ref = from + refs[i]!
    const lastMs = Math.floor(lastMsOf(ref))
    let beforeMs = Number.NEGATIVE_INFINITY
    let hasRoom = Number.isFinite(lastMs)
    for (const end = next + counts[i]!; next < end; next++) {
      const ageMs = ((lastMs >>> 0) - lows[next]!) >>> 0
      if (ageMs > horizonMs || !hasRoom) continue
      const timeMs = lastMs - ageMs
      if (timeMs < beforeMs) reader.corrupt('times of a series are out of order', offset)
      hasRoom = times.append(ref, beforeMs, timeMs, spans[next] ?? 0) !== 'no-room'
      beforeMs = timeMs
    }
    if (!hasRoom) homeless.push(ref)
  }
  return homeless
}
