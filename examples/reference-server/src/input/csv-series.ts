import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { CsvError, type Info, parse } from 'csv-parse'
import { parseTimestamp } from './parse-timestamp.ts'

const VALUE = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf(inity)?|nan)$/i
/** A record longer than this is an unclosed quote. */
const MAX_RECORD_BYTES = 4096

export interface CsvRow {
  readonly timestampMs: number
  readonly value: number
  /** Bytes of the file before the end of this row. */
  readonly endByte: number
}

export interface CsvReadOptions {
  readonly onBadLine: (line: number, why: string) => void
}

/**
 * Rows of a CSV file with the header `timestamp,value`, as they stand. A line that is not a time and a number
 * is told to `onBadLine` and skipped. Throws `Error` for a file that cannot be read or has another header.
 */
export async function* readCsvSeries(file: string, options: CsvReadOptions): AsyncGenerator<CsvRow> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
  })
  // The pipeline's failure also ends the loop below with the same error; this promise is awaited after it.
  const reading = pipeline(createReadStream(file), parser)
  reading.catch(() => undefined)
  try {
    let header = true
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      if (header) {
        checkHeader(file, record)
        header = false
        continue
      }
      const row = readRow(record)
      if (typeof row === 'string') options.onBadLine(info.lines, row)
      else yield { ...row, endByte: info.bytes_records }
    }
  } catch (error) {
    if (error instanceof CsvError) throw new Error(`${file}: ${error.message}`, { cause: error })
    throw error
  }
  await reading
}

function checkHeader(file: string, record: readonly string[]): void {
  const found = record.map((field) => field.trim().toLowerCase()).join(',')
  if (found !== 'timestamp,value')
    throw new Error(`${file}: the first line must be the header "timestamp,value", found "${found.slice(0, 80)}"`)
}

function readRow(record: readonly string[]): { timestampMs: number; value: number } | string {
  const [time, number] = record
  if (time === undefined || number === undefined || record.length !== 2)
    return `expected 2 fields, found ${record.length}`
  const timestampMs = parseTimestamp(time)
  if (timestampMs === undefined) return `"${time.slice(0, 40)}" is not a time`
  const value = parseValue(number)
  if (value === undefined) return `"${number.slice(0, 40)}" is not a number`
  return { timestampMs, value }
}

function parseValue(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase()
  if (!VALUE.test(trimmed)) return undefined
  if (trimmed.endsWith('nan')) return Number.NaN
  if (trimmed.includes('inf')) return trimmed.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(trimmed)
}
