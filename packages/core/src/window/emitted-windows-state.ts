import { ResultRowReader, ResultRowWriter } from '../result/result-state.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import type { EmittedWindow } from './emitted-window.ts'

/** Writes emitted windows with all of their rows, in the order in which both came. */
export function saveEmittedWindows(writer: StateWriter, emitted: ReadonlyMap<number, EmittedWindow>): void {
  const rowWriter = new ResultRowWriter(writer)
  writer.varint(emitted.size)
  for (const window of emitted.values()) {
    writer.f64(window.startMs)
    writer.f64(window.endMs)
    writer.f64(window.emittedAtMs)
    writer.varint(window.rows.size)
    for (const [slot, row] of window.rows) {
      writer.varint(slot)
      rowWriter.save(row)
    }
    writer.varint(window.dirty.size)
    for (const slot of window.dirty) writer.varint(slot)
    writer.varint(window.late.size)
    for (const [slot, count] of window.late) {
      writer.varint(slot)
      writer.varint(count)
    }
  }
}

/** Reads what `saveEmittedWindows` wrote into an empty map. Slots are below `slots`. */
export function loadEmittedWindows(reader: StateReader, emitted: Map<number, EmittedWindow>, slots: number): void {
  const rowReader = new ResultRowReader(reader)
  for (let left = reader.count('emitted windows', 27); left > 0; left--) {
    const { offset } = reader
    const startMs = reader.f64('start of a window')
    const endMs = reader.f64('end of a window')
    if (!(startMs < endMs) || emitted.has(startMs))
      reader.corrupt(`window from ${startMs} to ${endMs} cannot be, or comes twice`, offset)
    const window: EmittedWindow = {
      startMs,
      endMs,
      rows: new Map(),
      dirty: new Set(),
      late: new Map(),
      emittedAtMs: reader.f64('time of an emission'),
    }
    for (let rows = reader.count('rows'); rows > 0; rows--)
      window.rows.set(reader.index('group', slots), rowReader.load())
    for (let dirty = reader.count('groups to be revised'); dirty > 0; dirty--)
      window.dirty.add(reader.index('group', slots))
    for (let late = reader.count('groups with late samples', 2); late > 0; late--)
      window.late.set(reader.index('group', slots), reader.varint('late samples'))
    emitted.set(startMs, window)
  }
}
