import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface RealSample {
  readonly timeMs: number
  readonly value: number
}

/** A series of the Numenta Anomaly Benchmark: a CSV of `timestamp,value`, times in UTC, some of them twice. */
export interface RealSeries {
  readonly name: string
  /** In the order of the file, with nothing left out. */
  readonly samples: readonly RealSample[]
}

/** Every series below the folder, by name. Throws when a file is not what it should be. */
export function readSeries(folder: string): RealSeries[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.csv'))
    .sort()
    .map((name) => ({ name, samples: parse(name, readFileSync(join(folder, name), 'utf8')) }))
}

function parse(name: string, text: string): RealSample[] {
  const [header, ...lines] = text.trimEnd().split('\n')
  if (header?.trim() !== 'timestamp,value') throw new Error(`${name} begins with ${header}`)
  return lines.map((line, i) => {
    const [stamp = '', number = ''] = line.trim().split(',')
    const timeMs = Date.parse(`${stamp.replace(' ', 'T')}Z`)
    const value = Number(number)
    if (!Number.isFinite(timeMs) || number === '' || !Number.isFinite(value))
      throw new Error(`line ${i + 2} of ${name} is ${line}`)
    return { timeMs, value }
  })
}
