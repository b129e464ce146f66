import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'

/** How far a query is and what it counted, whatever its windows. */
export interface QueryLines {
  coversFromMs: number
  sinceMs: number
  emittedThroughMs: number
  ownsFromMs: number
  ownsUntilMs: number
  onTime: number
  lateApplied: number
  lateDropped: number
  toSide: number
  toRepair: number
}

export function saveLines(writer: StateWriter, lines: QueryLines): void {
  writer.f64(lines.coversFromMs)
  writer.f64(lines.sinceMs)
  writer.f64(lines.emittedThroughMs)
  writer.f64(lines.ownsFromMs)
  writer.f64(lines.ownsUntilMs)
  writer.varint(lines.onTime)
  writer.varint(lines.lateApplied)
  writer.varint(lines.lateDropped)
  writer.varint(lines.toSide)
  writer.varint(lines.toRepair)
}

export function loadLines(reader: StateReader, lines: QueryLines): void {
  lines.coversFromMs = reader.f64('start of what a query covers')
  lines.sinceMs = reader.f64('start of a query')
  lines.emittedThroughMs = reader.f64('line of emission')
  lines.ownsFromMs = reader.f64('first window of a version')
  lines.ownsUntilMs = reader.f64('end of a version')
  lines.onTime = reader.varint('samples on time')
  lines.lateApplied = reader.varint('late samples')
  lines.lateDropped = reader.varint('samples dropped')
  lines.toSide = reader.varint('samples put aside')
  lines.toRepair = reader.varint('samples for repair')
}
