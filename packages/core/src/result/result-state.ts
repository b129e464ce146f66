import type { ColumnQuality, ResultQuality, ResultSource, ResultValue, WindowResult } from '../result/window-result.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'

type Values = Readonly<Record<string, ResultValue>>

/** Only ever appended to: numbers of sources are in snapshots. */
const SOURCES: readonly ResultSource[] = ['live', 'replay', 'backfill']

/** Bits of the two bytes of a row. */
const NEW_SHAPE = 1
const EXPECTED = 2
const COMPLETE = 4
const PARTIAL = 8
const EARLY = 16
const RETRACTED = 32
const QUALITY = 64
const SOURCE_SHIFT = 8

/** Bits of the quality of a row. */
const INTERVAL_LONGER = 1
const INFINITE = 2
const STALE = 4

/** Bits of the quality of a column. */
const RELATIVE_ERROR = 1
const SCALE = 2
const COLLAPSED = 4

const IS_NULL = 0
const IS_NUMBER = 1

/** What the rows of one query version have in common. */
interface Shape {
  readonly tenant: string
  readonly query: string
  readonly queryVersion: number
  readonly dimensions: readonly string[]
  readonly columns: readonly string[]
}

/** Writes rows to a section. What rows that follow each other have in common is written once. */
export class ResultRowWriter {
  readonly #writer: StateWriter
  #shape: Shape | undefined

  constructor(writer: StateWriter) {
    this.#writer = writer
  }

  save(row: WindowResult): void {
    const writer = this.#writer
    const shape = this.#shape !== undefined && isOf(row, this.#shape) ? this.#shape : shapeOf(row)
    writer.varint(
      (shape === this.#shape ? 0 : NEW_SHAPE) |
        (row.seriesExpected === null ? 0 : EXPECTED) |
        (row.completeness === null ? 0 : COMPLETE) |
        (row.partial ? PARTIAL : 0) |
        (row.early === true ? EARLY : 0) |
        (row.retracted === true ? RETRACTED : 0) |
        (row.quality === undefined ? 0 : QUALITY) |
        (SOURCES.indexOf(row.source) << SOURCE_SHIFT),
    )
    if (shape !== this.#shape) {
      saveShape(writer, shape)
      this.#shape = shape
    }
    for (const name of shape.dimensions) {
      const value = row.group[name]!
      writer.boolean(value !== null)
      if (value !== null) writer.symbol(value)
    }
    writer.f64(row.startMs)
    writer.f64(row.endMs)
    saveValues(writer, row.values, shape.columns)
    writer.f64(row.count)
    writer.varint(row.seriesSeen)
    if (row.seriesExpected !== null) writer.varint(row.seriesExpected)
    if (row.completeness !== null) writer.f64(row.completeness)
    writer.varint(row.revision)
    writer.varint(row.lateApplied)
    if (row.quality !== undefined) saveQuality(writer, row.quality)
  }
}

/** Reads the rows of a section in the order in which `ResultRowWriter` wrote them. */
export class ResultRowReader {
  readonly #reader: StateReader
  #shape: Shape | undefined

  constructor(reader: StateReader) {
    this.#reader = reader
  }

  load(): WindowResult {
    const reader = this.#reader
    const { offset } = reader
    const flags = reader.varint('flags of a row')
    if ((flags & NEW_SHAPE) !== 0) this.#shape = loadShape(reader)
    const shape = this.#shape
    const source = SOURCES[flags >>> SOURCE_SHIFT]
    if (shape === undefined || source === undefined) return reader.corrupt(`row with flags ${flags} cannot be`, offset)
    const group: Record<string, string | null> = Object.create(null)
    for (const name of shape.dimensions)
      group[name] = reader.boolean('whether a group has a value') ? reader.symbol('value of a group') : null
    // In the order in which rows are made, so that they also look alike as text.
    return {
      tenant: shape.tenant,
      query: shape.query,
      queryVersion: shape.queryVersion,
      group,
      startMs: reader.f64('start of a row'),
      endMs: reader.f64('end of a row'),
      values: loadValues(reader, shape.columns),
      count: reader.f64('count of a row'),
      seriesSeen: reader.varint('series seen'),
      seriesExpected: (flags & EXPECTED) === 0 ? null : reader.varint('series expected'),
      completeness: (flags & COMPLETE) === 0 ? null : reader.f64('completeness'),
      revision: reader.varint('revision'),
      partial: (flags & PARTIAL) !== 0,
      ...((flags & EARLY) === 0 ? undefined : { early: true }),
      lateApplied: reader.varint('late samples'),
      source,
      ...((flags & QUALITY) === 0 ? undefined : { quality: loadQuality(reader) }),
      ...((flags & RETRACTED) === 0 ? undefined : { retracted: true }),
    }
  }
}

/** Writes the values of known columns. */
export function saveValues(writer: StateWriter, values: Values, columns: readonly string[]): void {
  for (const name of columns) {
    const value = values[name] ?? null
    writer.u8(value === null ? IS_NULL : IS_NUMBER)
    if (value !== null) writer.f64(value)
  }
}

/** Reads what `saveValues` wrote of the same columns. */
export function loadValues(reader: StateReader, columns: readonly string[]): Record<string, ResultValue> {
  const values: Record<string, ResultValue> = Object.create(null)
  for (const name of columns) values[name] = reader.boolean('whether a value is known') ? reader.f64('value') : null
  return values
}

function shapeOf({ tenant, query, queryVersion, group, values }: WindowResult): Shape {
  return { tenant, query, queryVersion, dimensions: Object.keys(group), columns: Object.keys(values) }
}

function isOf(row: WindowResult, shape: Shape): boolean {
  return (
    row.tenant === shape.tenant &&
    row.query === shape.query &&
    row.queryVersion === shape.queryVersion &&
    hasKeys(row.group, shape.dimensions) &&
    hasKeys(row.values, shape.columns)
  )
}

function hasKeys(record: Readonly<Record<string, unknown>>, keys: readonly string[]): boolean {
  let at = 0
  for (const name in record) if (name !== keys[at++]) return false
  return at === keys.length
}

function saveShape(writer: StateWriter, { tenant, query, queryVersion, dimensions, columns }: Shape): void {
  writer.symbol(tenant)
  writer.symbol(query)
  writer.varint(queryVersion)
  for (const names of [dimensions, columns]) {
    writer.varint(names.length)
    for (const name of names) writer.symbol(name)
  }
}

function loadShape(reader: StateReader): Shape {
  return {
    tenant: reader.symbol('tenant of a row'),
    query: reader.symbol('query of a row'),
    queryVersion: reader.varint('version of a query'),
    dimensions: loadNames(reader, 'dimensions'),
    columns: loadNames(reader, 'columns'),
  }
}

function loadNames(reader: StateReader, what: string): string[] {
  const names: string[] = []
  for (let left = reader.count(what); left > 0; left--) names.push(reader.symbol('name'))
  return names
}

function saveQuality(writer: StateWriter, quality: ResultQuality): void {
  writer.u8(
    (quality.intervalLongerThanWindow === true ? INTERVAL_LONGER : 0) |
      (quality.infinite === true ? INFINITE : 0) |
      (quality.stale === true ? STALE : 0),
  )
  const columns = Object.entries(quality.columns ?? {})
  writer.varint(columns.length)
  for (const [name, column] of columns) {
    writer.symbol(name)
    saveColumnQuality(writer, column)
  }
}

function loadQuality(reader: StateReader): ResultQuality {
  const flags = reader.u8('flags of a quality')
  const columns: Record<string, ColumnQuality> = Object.create(null)
  const count = reader.count('columns')
  for (let left = count; left > 0; left--) columns[reader.symbol('column')] = loadColumnQuality(reader)
  return {
    ...((flags & INFINITE) === 0 ? undefined : { infinite: true }),
    ...(count === 0 ? undefined : { columns }),
    ...((flags & INTERVAL_LONGER) === 0 ? undefined : { intervalLongerThanWindow: true }),
    ...((flags & STALE) === 0 ? undefined : { stale: true }),
  }
}

function saveColumnQuality(writer: StateWriter, { sketch, relativeError, scale, collapsed }: ColumnQuality): void {
  writer.symbol(sketch)
  writer.u8(
    (relativeError === undefined ? 0 : RELATIVE_ERROR) |
      (scale === undefined ? 0 : SCALE) |
      (collapsed === true ? COLLAPSED : 0),
  )
  if (relativeError !== undefined) writer.f64(relativeError)
  if (scale !== undefined) writer.zigzag(scale)
}

function loadColumnQuality(reader: StateReader): ColumnQuality {
  const sketch = reader.symbol('sketch')
  const flags = reader.u8('flags of a column')
  return {
    sketch,
    ...((flags & RELATIVE_ERROR) === 0 ? undefined : { relativeError: reader.f64('relative error') }),
    ...((flags & SCALE) === 0 ? undefined : { scale: reader.zigzag('scale') }),
    ...((flags & COLLAPSED) === 0 ? undefined : { collapsed: true }),
  }
}
