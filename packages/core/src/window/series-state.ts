import { growUint32 } from '../internal/grow.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import type { Groups } from './groups.ts'

/** As many as a store makes room for at first. */
const LEAST_CAPACITY = 4

/** The series of a store, by position. */
export interface StoreSeries {
  readonly groups: Groups
  readonly seriesMatched: number
  readonly refs: Uint32Array
  /** Slots of the groups. */
  readonly groupSlots: Uint32Array
}

/** Writes the groups of a store, then its series. */
export function saveSeries(writer: StateWriter, { groups, seriesMatched, refs, groupSlots }: StoreSeries): void {
  groups.save(writer)
  writer.row(refs, 0, seriesMatched)
  writer.row(groupSlots, 0, seriesMatched)
}

/** Reads what `saveSeries` wrote, the groups into those given. Whether the series are any is for the caller to see. */
export function loadSeries(reader: StateReader, groups: Groups): StoreSeries {
  groups.load(reader)
  const { offset } = reader
  const refs = reader.u32s('series of a store')
  const groupSlots = reader.u32s('groups of series')
  if (groupSlots.length !== refs.length || groupSlots.some((slot) => slot >= groups.count))
    reader.corrupt(`${refs.length} series are not all in one of ${groups.count} groups`, offset)
  const capacity = Math.max(LEAST_CAPACITY, refs.length)
  return {
    groups,
    seriesMatched: refs.length,
    refs: growUint32(refs, capacity),
    groupSlots: growUint32(groupSlots, capacity),
  }
}
