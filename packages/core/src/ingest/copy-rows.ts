import type { SeriesRef } from '../registry/identity.ts'
import { BatchColumn, type SampleBatch } from './sample-batch.ts'

/** What goes on in the place of a row's own state and value. */
export interface RowState {
  readonly bytes: Uint8Array | undefined
  readonly value: number
}

/** Makes `to` the first `count` of the `rows` of a batch, which rise; `stateOf` a row is undefined where it has none. */
export function copyRows(
  from: SampleBatch,
  rows: Uint32Array,
  count: number,
  to: SampleBatch,
  stateOf: (row: number) => RowState | undefined,
): SampleBatch {
  to.clear()
  for (let i = 0; i < count; i++) {
    const row = rows[i]!
    const state = stateOf(row)
    const at = to.push(from.series[row]! as SeriesRef, from.timestampsMs[row]!, state?.value ?? from.values[row]!)
    if ((from.columns & BatchColumn.startTimes) !== 0) to.setStartTime(at, from.startTimesMs![row]!)
    if ((from.columns & BatchColumn.weights) !== 0) to.setWeight(at, from.weights![row]!)
    if ((from.columns & BatchColumn.flags) !== 0) to.setFlags(at, from.flags![row]!)
    if (state?.bytes !== undefined) to.setState(at, state.bytes)
  }
  return to
}
