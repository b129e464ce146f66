import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CsvRow, readCsvSeries } from '../../src/input/csv-series.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-csv-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function read(text: string): Promise<{ rows: CsvRow[]; bad: [number, string][] }> {
  const file = join(folder, 'series.csv')
  await writeFile(file, text)
  const rows: CsvRow[] = []
  const bad: [number, string][] = []
  for await (const row of readCsvSeries(file, { onBadLine: (line, why) => bad.push([line, why]) })) rows.push(row)
  return { rows, bad }
}

const values = (rows: readonly CsvRow[]): number[] => rows.map(({ value }) => value)

describe('readCsvSeries', () => {
  test('yields rows with the byte each one ends at', async () => {
    const { rows, bad } = await read('timestamp,value\n2014-02-14 14:30:00,0.132\n1392388260,-4e2\n')
    expect(bad).toEqual([])
    expect(rows).toEqual([
      { timestampMs: Date.UTC(2014, 1, 14, 14, 30), value: 0.132, endByte: 42 },
      { timestampMs: Date.UTC(2014, 1, 14, 14, 31), value: -400, endByte: 58 },
    ])
  })

  test('names bad lines by their number and goes on', async () => {
    const { rows, bad } = await read(
      'timestamp,value\n1392388200,1\nnoon,2\n\n1392388201,\n1392388202,0x10\n1392388203\n1392388204,4,5\n1392388205,6\n',
    )
    expect(values(rows)).toEqual([1, 6])
    expect(bad).toEqual([
      [3, '"noon" is not a time'],
      [5, '"" is not a number'],
      [6, '"0x10" is not a number'],
      [7, 'expected 2 fields, found 1'],
      [8, 'expected 2 fields, found 3'],
    ])
  })

  test('takes a byte order mark, CRLF, quotes, spaces, NaN and infinities', async () => {
    const { rows, bad } = await read(
      '\uFEFFTimestamp, Value\r\n"2014-02-14 14:30:00", 1.5 \r\n1392388201,NaN\r\n1392388202,-inf\r\n1392388203,.5',
    )
    expect(bad).toEqual([])
    expect(values(rows)).toEqual([1.5, Number.NaN, Number.NEGATIVE_INFINITY, 0.5])
  })

  test('refuses another header', async () => {
    await expect(read('time,load\n1,2\n')).rejects.toThrow(
      /series\.csv: the first line must be the header "timestamp,value", found "time,load"$/,
    )
  })

  test('refuses a quote that never closes rather than reading the rest as one field', async () => {
    const rows = Array.from({ length: 1000 }, (_, second) => `${1392388200 + second},1\n`).join('')
    await expect(read(`timestamp,value\n"1392388200,1\n${rows}`)).rejects.toThrow(/series\.csv: /)
  })

  test('a file that is not there is an error', async () => {
    const rows = readCsvSeries(join(folder, 'none.csv'), { onBadLine: () => undefined })
    await expect(rows.next()).rejects.toThrow(/ENOENT/)
  })
})
