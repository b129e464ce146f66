import type { SeriesDescriptor } from '@windrow/core'
import { Cursor, readNumber, type ScriptLine } from './cursor.ts'
import type { ScriptSample } from './script.ts'

const DEFAULT_STEP_MS = 1_000
const MAX_REPEATS = 100_000

const KIND_PATTERN = /(?:gauge|counter|delta|distribution)(?![\w.-])/y
/** `_`, `stale`, or a value with an increment, a weight and a number of repeats, each optional. */
const ITEM =
  /^(?:(?<gap>_)|(?<stale>stale)|(?<value>NaN|[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf))(?<step>[+-]\d+(?:\.\d+)?)?(?:\*(?<weight>\d+(?:\.\d+)?))?)(?:x(?<times>\d+))?$/

/** When the interval began that a sample is for. */
type IntervalStart = (timeMs: number) => number

/**
 * Reads `SERVER METRIC [KIND] [{labels}] [resource {..}] [unit ".."] [interval 10s | since TIME]
 * [at TIME [every STEP]: ..]`.
 */
export function readLoad(
  cursor: Cursor,
  body: readonly ScriptLine[],
): { series: SeriesDescriptor; samples: readonly ScriptSample[] } {
  const server = cursor.wordIf('_') ? undefined : cursor.name('a server')
  const metric = cursor.name('a metric')
  const kind = cursor.takeIf(KIND_PATTERN) as SeriesDescriptor['kind']
  const labels = readAttributesIf(cursor)
  const resource = cursor.wordIf('resource') ? readAttributesIf(cursor) : undefined
  const unit = cursor.wordIf('unit') ? cursor.quoted('a unit') : undefined
  const intervalStart = readIntervalStart(cursor)
  const samples: ScriptSample[] = []
  if (cursor.wordIf('at')) samples.push(...readSamples(cursor, intervalStart))
  cursor.end()
  for (const line of body) samples.push(...readSamples(new Cursor(line), intervalStart))
  if (samples.length === 0) throw cursor.problem('a load has samples: write at 0s: 1 2 3, or lines below')
  const series: SeriesDescriptor = {
    metric,
    ...(server === undefined ? {} : { server }),
    ...(kind === undefined ? {} : { kind }),
    ...(labels === undefined ? {} : { labels }),
    ...(resource === undefined ? {} : { resource }),
    ...(unit === undefined ? {} : { unit }),
  }
  return { series, samples }
}

function readAttributesIf(cursor: Cursor): (readonly [string, string])[] | undefined {
  if (!cursor.skipIf('{')) return undefined
  const attributes: [string, string][] = []
  do {
    const key = cursor.name('a label')
    cursor.skip('=')
    attributes.push([key, cursor.quoted('a value')])
  } while (cursor.skipIf(','))
  cursor.skip('}')
  return attributes
}

function readIntervalStart(cursor: Cursor): IntervalStart | undefined {
  if (cursor.wordIf('interval')) {
    const intervalMs = cursor.length('an interval')
    return (timeMs) => timeMs - intervalMs
  }
  if (!cursor.wordIf('since')) return undefined
  const startMs = cursor.time('a time')
  return () => startMs
}

/** Reads `TIME [every STEP]: 1 2 _ 4x10`: the samples that are there. */
function readSamples(cursor: Cursor, intervalStart: IntervalStart | undefined): ScriptSample[] {
  let timeMs = cursor.time('a time')
  const stepMs = cursor.wordIf('every') ? cursor.length('a step') : DEFAULT_STEP_MS
  cursor.skip(':')
  if (cursor.atEnd) throw cursor.problem('expected values')
  const samples: ScriptSample[] = []
  while (!cursor.atEnd) {
    const item = cursor.take(/\S+/y, 'a value')
    const parts = ITEM.exec(item)?.groups
    if (parts === undefined) throw cursor.problemWithTaken(`${item} is no value, gap or ramp`)
    const { gap, stale, value, step, weight, times } = parts
    const repeats = Number(times ?? '1')
    if (repeats < 1 || repeats > MAX_REPEATS)
      throw cursor.problemWithTaken(`a value is repeated 1 to ${MAX_REPEATS} times, not ${repeats}`)
    if (step !== undefined && times === undefined)
      throw cursor.problemWithTaken(`how long is the ramp? Write ${item}x10 for ten values`)
    for (let i = 0; i < repeats; i++, timeMs += stepMs)
      if (gap === undefined)
        samples.push({
          timeMs,
          value: stale === undefined ? valueAt(value!, step, i) : 0,
          weight: Number(weight ?? '1'),
          stale: stale !== undefined,
          ...(intervalStart === undefined ? {} : { intervalStartMs: intervalStart(timeMs) }),
        })
  }
  return samples
}

/** `-0` stays `-0` as long as nothing is added. */
function valueAt(value: string, step: string | undefined, index: number): number {
  const first = readNumber(value)
  return step === undefined || index === 0 ? first : first + index * Number(step)
}
