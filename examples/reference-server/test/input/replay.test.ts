import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEngine, type Engine, type WindowResult } from '@windrow/core'
import { compileText } from '@windrow/query-lang'
import { memoryAdapter } from '@windrow/storage-adapters/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { replayCsv, replayTarget } from '../../src/input/replay.ts'

const START_MS = Date.UTC(2024, 2, 1)
const nabFolder = fileURLToPath(new URL('../../../../../shared/data/nab/', import.meta.url))
const nabFiles = ['realAWSCloudwatch', 'realTraffic']
  .map((name) => join(nabFolder, name))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))

let folder: string
let engine: Engine
let lines: string[]
const log = (line: string): void => {
  lines.push(line)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-replay-'))
  engine = createEngine({ clock: 'manual', storage: memoryAdapter() })
  engine.advanceTo(Date.UTC(2026, 0, 1))
  lines = []
})
afterEach(async () => {
  await engine.close()
  await rm(folder, { recursive: true })
})

async function writeSeries(name: string, rows: readonly string[]): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, `timestamp,value\n${rows.join('\n')}\n`)
  return file
}

/** One row a second, values 0, 1, 2 .. */
function ramp(rows: number): string[] {
  return Array.from({ length: rows }, (_, second) => `${START_MS / 1000 + second},${second}`)
}

async function history(text: string): Promise<WindowResult[]> {
  return Array.fromAsync(engine.run(compileText(text)))
}

describe('replayCsv', () => {
  test('feeds stored queries with the times of the file', async () => {
    const results: WindowResult[] = []
    engine
      .addQuery('replayed', compileText('FROM replay SELECT load WINDOW 1m COMPUTE count, min, max, avg'))
      .subscribe((result) => results.push(result))
    const summary = await replayCsv({ file: await writeSeries('load.csv', ramp(9000)), engine, log })
    expect(summary).toMatchObject({ server: 'replay', metric: 'load', rows: 9000, accepted: 9000, badLines: 0 })
    expect(results).toHaveLength(150)
    results.forEach(({ startMs, values, source }, minute) => {
      const first = minute * 60
      expect({ startMs, source, ...values }).toEqual({
        startMs: START_MS + first * 1000,
        source: 'replay',
        count: 60,
        min: first,
        max: first + 59,
        avg: first + 29.5,
      })
    })
    expect(lines).toEqual([
      `replay ${join(folder, 'load.csv')}: 9000 rows as replay/load, 2024-03-01T00:00:00.000Z to 2024-03-01T02:29:59.000Z, 0 bad`,
    ])
  })

  test('without a stored query it hints at one that runs', async () => {
    await replayCsv({ file: await writeSeries('disk usage.csv', ramp(5000)), engine, log })
    const hint = lines.at(-1)!
    expect(hint).toMatch(
      /^no stored query reads replay\/disk usage; .*Custom, or POST it to \/v1\/query as it is: FROM replay SELECT "disk usage" /,
    )
    const rows = await history(hint.slice(hint.indexOf('FROM')).replace('avg, max', 'count, max'))
    expect(rows.reduce((total, row) => total + row.count, 0)).toBe(5000)
    expect(Math.max(...rows.map(({ values }) => values['max']!))).toBe(4999)
  })

  test('the same file again is all duplicates; under another name it is not', async () => {
    const file = await writeSeries('load.csv', ramp(5000))
    await replayCsv({ file, engine, log })
    expect(await replayCsv({ file, engine, log })).toMatchObject({ rows: 5000, accepted: 0, duplicates: 5000 })
    expect(await replayCsv({ file, as: 'lab/copy', engine, log })).toMatchObject({ accepted: 5000, duplicates: 0 })
  })

  test('names bad lines, counts them, and takes the rest', async () => {
    const bad = Array.from({ length: 12 }, (_, index) => `never,${index}`)
    const file = await writeSeries('load.csv', [...ramp(3), ...bad])
    expect(await replayCsv({ file, engine, log })).toMatchObject({ rows: 3, badLines: 12, accepted: 3 })
    expect(lines[0]).toBe(`replay ${file}: line 5 skipped: "never" is not a time`)
    expect(lines[9]).toBe(`replay ${file}: line 14 skipped: "never" is not a time`)
    expect(lines[10]).toBe(`replay ${file}: 2 more lines skipped`)
    expect(lines[11]).toMatch(/, 12 bad$/)
  })

  test('plays under the server and metric it is told', async () => {
    const file = await writeSeries('load.csv', ramp(10))
    await replayCsv({ file, as: 'web-7/cpu/user', engine, log })
    const rows = await history(
      'FROM web-7 SELECT "cpu/user" WINDOW 1m COMPUTE count SINCE "2024-03-01T00:00:00Z" UNTIL "2024-03-01T00:01:00Z"',
    )
    expect(rows.map(({ values }) => values['count'])).toEqual([10])
  })

  test('a missing file and a file without rows are errors that say so', async () => {
    const missing = join(folder, 'none.csv')
    await expect(replayCsv({ file: missing, engine, log })).rejects.toThrow(`cannot replay ${missing}: ENOENT`)
    const empty = await writeSeries('empty.csv', [])
    await expect(replayCsv({ file: empty, engine, log })).rejects.toThrow(`${empty}: no row with a time and a number`)
    const hopeless = await writeSeries('hopeless.csv', ['a,b', 'c,d'])
    await expect(replayCsv({ file: hopeless, engine, log })).rejects.toThrow('(2 bad lines)')
    expect(engine.registry.size).toBe(0)
  })

  test.each(['web', '/x', 'web/'])('refuses the name "%s"', (as) => {
    expect(() => replayTarget('load.csv', as)).toThrow(`a replay's name is SERVER/METRIC, got "${as}"`)
  })
})

describe.skipIf(nabFiles.length === 0)('real series of the Numenta Anomaly Benchmark', () => {
  // Without files one case stands for all, so that the report shows it as skipped.
  const cases =
    nabFiles.length > 0 ? nabFiles.map((file) => [basename(file), file]) : [['needs ../shared/data/nab', '']]
  test.each(cases)('%s', async (_name, file) => {
    const summary = await replayCsv({ file, engine, log })
    const samples = new Map<number, number>()
    const records = (await readFile(file, 'utf8')).trim().split(/\r?\n/).slice(1)
    for (const record of records) {
      const [time, value] = record.split(',')
      const timestampMs = Date.parse(`${time!.replace(' ', 'T')}Z`)
      // The first value of an instant is kept.
      if (!samples.has(timestampMs)) samples.set(timestampMs, Number(value))
    }
    expect(summary).toMatchObject({ rows: records.length, accepted: samples.size, badLines: 0, rejected: 0, shed: 0 })
    expect(summary.duplicates).toBe(records.length - samples.size)

    const hourMs = 3_600_000
    const hours = new Map<number, number[]>()
    for (const [timestampMs, value] of samples) {
      const startMs = Math.floor(timestampMs / hourMs) * hourMs
      hours.set(startMs, [...(hours.get(startMs) ?? []), value])
    }
    const since = new Date(Math.min(...hours.keys())).toISOString()
    const until = new Date(summary.lastMs + 1).toISOString()
    const rows = await history(
      `FROM replay SELECT "${summary.metric}" WINDOW 1h COMPUTE count, min, max, percentile(50) SINCE "${since}" UNTIL "${until}"`,
    )
    expect(rows.map(({ startMs, values }) => ({ startMs, ...values }))).toEqual(
      [...hours]
        .sort(([a], [b]) => a - b)
        .map(([startMs, values]) => {
          const sorted = values.toSorted((a, b) => a - b)
          const median = sorted[Math.ceil(sorted.length / 2) - 1]!
          return { startMs, count: sorted.length, min: sorted[0], max: sorted.at(-1), percentile_50: median }
        }),
    )
  })
})
