import { decodeDistribution, encodeDistribution } from '../aggregate/state-codec.ts'
import { WindrowError } from '../errors.ts'
import { KIND_CODES, TEMPORALITY_CODES } from '../registry/canonical.ts'
import { SeenSeconds } from '../registry/seen-seconds.ts'
import type { SeriesProgress } from '../registry/series-progress.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import { type SectionLoaders, SectionType } from '../snapshot/section-type.ts'
import type { SnapshotWriter } from '../snapshot/snapshot-writer.ts'
import { copyRows, type RowState } from './copy-rows.ts'
import { CumulativeDistributions } from './cumulative-distributions.ts'
import type { RejectedPoint, RejectReason } from './decode-result.ts'
import { BatchColumn, SampleBatch, SampleFlag } from './sample-batch.ts'

const DISTRIBUTION = KIND_CODES.distribution
const DELTA = KIND_CODES.delta
const CUMULATIVE = TEMPORALITY_CODES.cumulative
/** The range of a date: farther from the epoch no time can be told. */
const MAX_TIME_MS = 8.64e15

/** Which sample times are taken. */
export interface TimeBounds {
  /** Earlier is `expired`. */
  readonly oldestMs: number
  /** Later is `future`. */
  readonly newestMs: number
  /** Later than this is taken but says nothing about progress: a clock may be wrong. */
  readonly progressMs: number
}

/** What became of the rows of one batch. */
export interface Screened {
  /** The rows that go on; the caller's own batch when all do. Valid until the next batch. */
  readonly batch: SampleBatch
  readonly accepted: number
  readonly duplicates: number
  readonly conflicts: number
  readonly precisionLost: number
  readonly rejected: readonly RejectedPoint[]
  /** Greatest time at most `progressMs`; -Infinity when there is none. */
  readonly maxEventMs: number
  readonly minEventMs: number
}

type RowProblem = 'duplicate' | readonly [RejectReason, string]

const NONE: readonly RejectedPoint[] = []

/**
 * The gate of the sample path: checks every row, drops what was sent before, turns running histograms into
 * amounts, and hands on a batch that needs no further check.
 */
export class Screen {
  readonly #registry: SeriesRegistry
  readonly #progress: SeriesProgress
  readonly #cumulative: CumulativeDistributions
  /** Undefined when only the newest sample of a series is held against repeats. */
  readonly #seen: SeenSeconds | undefined
  readonly #other: Screen | undefined
  #kept = new Uint32Array(1024)
  readonly #compact = new SampleBatch(1024)
  /** States of the rows kept that have one, by row. */
  readonly #states = new Map<number, RowState>()

  /**
   * `dedupHorizonMs`: how far back repeats of single samples are told; undefined = only of the newest one. What `other`
   * has taken is a repeat too.
   */
  constructor(
    registry: SeriesRegistry,
    progress: SeriesProgress,
    startedMs: number,
    dedupHorizonMs: number | undefined,
    other?: Screen,
  ) {
    this.#registry = registry
    this.#progress = progress
    this.#cumulative = new CumulativeDistributions(startedMs)
    this.#seen = dedupHorizonMs === undefined ? undefined : new SeenSeconds(dedupHorizonMs)
    this.#other = other
  }

  get bytes(): number {
    return this.#seen?.bytes ?? 0
  }

  /** Writes what repeats and running histograms are told by, but for the progress of the series. */
  save(snapshot: SnapshotWriter): void {
    this.#seen?.save(snapshot, this.#registry.size)
    this.#cumulative.save(snapshot)
  }

  /** What reads the sections back, before the first batch and after the progress of the series. */
  loaders(): SectionLoaders {
    return {
      [SectionType.seenSeconds]:
        this.#seen?.loader((ref) => this.#progress.lastMs[ref] ?? Number.NEGATIVE_INFINITY) ??
        ((reader) => reader.skip()),
      [SectionType.cumulativeStart]: this.#cumulative.loadStart,
      [SectionType.cumulativeDistributions]: this.#cumulative.loadDistributions,
    }
  }

  /** Whether a sample of a gauge, counter or delta was taken, as far as that is remembered; its start is 0 for none. */
  has(ref: number, timeMs: number, startMs: number): boolean {
    const { lastMs, lastStartMs } = this.#progress
    const last = lastMs[ref] ?? Number.NEGATIVE_INFINITY
    if (timeMs > last) return false
    if (timeMs === last && (this.#registry.kindCodes[ref] !== DELTA || lastStartMs[ref] === startMs)) return true
    return this.#seen?.has(ref, last, timeMs, startMs) ?? false
  }

  screen(batch: SampleBatch, tenantId: number, bounds: TimeBounds): Screened {
    const { series, timestampsMs, values, length } = batch
    const { tenantIds, kindCodes, size } = this.#registry
    const progress = this.#progress
    const seen = this.#seen
    const other = this.#other
    progress.ensure(size)
    seen?.ensure(size)
    const { lastMs, lastValue } = progress
    if (this.#kept.length < length) this.#kept = new Uint32Array(batch.capacity)
    const kept = this.#kept
    const { progressMs } = bounds
    const oldestMs = Math.max(-MAX_TIME_MS, bounds.oldestMs)
    const newestMs = Math.min(MAX_TIME_MS, bounds.newestMs)
    const startTimes = (batch.columns & BatchColumn.startTimes) === 0 ? undefined : batch.startTimesMs
    const weights = (batch.columns & BatchColumn.weights) === 0 ? undefined : batch.weights
    const flags = (batch.columns & BatchColumn.flags) === 0 ? undefined : batch.flags
    const states = (batch.columns & BatchColumn.states) === 0 ? undefined : batch.states
    this.#states.clear()
    let nextState = 0
    let keptCount = 0
    let duplicates = 0
    let conflicts = 0
    let precisionLost = 0
    let rejected: RejectedPoint[] | undefined
    let maxEventMs = Number.NEGATIVE_INFINITY
    let minEventMs = Number.POSITIVE_INFINITY

    for (let row = 0; row < length; row++) {
      const ref = series[row]!
      const timeMs = timestampsMs[row]!
      if (ref >= size || tenantIds[ref] !== tenantId || !(timeMs >= oldestMs && timeMs <= newestMs)) {
        rejected ??= []
        rejected.push(refuse(row, ref, timeMs, size, tenantIds, tenantId, bounds))
        continue
      }
      if (weights !== undefined && !(weights[row]! >= 0 && weights[row]! < Number.POSITIVE_INFINITY)) {
        rejected ??= []
        rejected.push({ index: row, reason: 'invalid', detail: `the weight is ${weights[row]}` })
        continue
      }
      const isGap = flags !== undefined && (flags[row]! & SampleFlag.noRecordedValue) !== 0
      if (states !== undefined) {
        while (nextState < states.count && states.rows[nextState]! < row) nextState++
        if (nextState < states.count && states.rows[nextState] === row) {
          const problem = this.#takeState(batch, row, nextState, isGap)
          if (problem === 'duplicate') {
            duplicates++
            continue
          }
          if (problem !== undefined) {
            rejected ??= []
            rejected.push({ index: row, reason: problem[0], detail: problem[1] })
            continue
          }
        }
      }
      const kind = kindCodes[ref]
      if (isGap) {
        if (kind !== DISTRIBUTION && timeMs <= progressMs) progress.end(ref, timeMs)
      } else if (kind !== DISTRIBUTION) {
        const last = lastMs[ref]!
        const startMs = kind === DELTA && startTimes !== undefined ? startTimes[row]! : 0
        if (other?.has(ref, timeMs, startMs) === true) {
          duplicates++
          continue
        }
        if (timeMs > last) {
          seen?.advance(ref, last, timeMs, startMs)
          progress.advance(ref, timeMs, values[row]!)
          progress.lastStartMs[ref] = startMs
        } else if (timeMs === last && (kind !== DELTA || progress.lastStartMs[ref] === startMs)) {
          duplicates++
          if (!Object.is(lastValue[ref]! + 0, values[row]! + 0)) conflicts++
          continue
        } else if (seen?.takeOlder(ref, last, timeMs, startMs) === true) {
          duplicates++
          continue
        } else if (timeMs === last) {
          progress.lastStartMs[ref] = startMs
          lastValue[ref] = values[row]!
        } else progress.takeOlder(ref, timeMs)
      } else if (timeMs > lastMs[ref]!) progress.advance(ref, timeMs, values[row]!)
      if (timeMs <= progressMs && timeMs > maxEventMs) maxEventMs = timeMs
      if (timeMs < minEventMs) minEventMs = timeMs
      if (flags !== undefined && (flags[row]! & SampleFlag.precisionLost) !== 0) precisionLost++
      kept[keptCount++] = row
    }

    const isWhole = keptCount === length && states === undefined
    return {
      batch: isWhole ? batch : copyRows(batch, kept, keptCount, this.#compact, (row) => this.#states.get(row)),
      accepted: keptCount,
      duplicates,
      conflicts,
      precisionLost,
      rejected: rejected ?? NONE,
      maxEventMs,
      minEventMs,
    }
  }

  /** Checks the state of a row and keeps what goes on of it; or says what is wrong, and nothing is learned. */
  #takeState(batch: SampleBatch, row: number, index: number, isGap: boolean): RowProblem | undefined {
    const { bytes, offsets } = batch.states!
    const own = bytes.subarray(offsets[index]!, offsets[index + 1]!)
    const value = batch.values[row]!
    const ref = batch.series[row]!
    try {
      const state = decodeDistribution(own)
      if (isGap) this.#states.set(row, { bytes: undefined, value })
      else if (this.#registry.temporalityCodes[ref] !== CUMULATIVE) this.#states.set(row, { bytes: own, value })
      else {
        const startMs = (batch.columns & BatchColumn.startTimes) === 0 ? 0 : batch.startTimesMs![row]!
        const amount = this.#cumulative.difference(ref, batch.timestampsMs[row]!, startMs, state)
        if (amount === 'duplicate') return amount
        if (amount === 'out-of-order') return [amount, 'a running histogram older than the last one']
        const amountBytes = encodeDistribution(amount, this.#registry.tenantIds[ref]!)
        this.#states.set(row, { bytes: amountBytes, value: amount.sum })
      }
    } catch (error) {
      if (!(error instanceof WindrowError)) throw error
      return ['invalid', error.message]
    }
    return undefined
  }
}

function refuse(
  row: number,
  ref: number,
  timeMs: number,
  size: number,
  tenantIds: Uint32Array,
  tenantId: number,
  bounds: TimeBounds,
): RejectedPoint {
  const [reason, detail] = ((): [RejectReason, string] => {
    if (ref >= size) return ['unknown-series', `series ${ref} was never registered here`]
    if (tenantIds[ref] !== tenantId) return ['foreign-tenant', `series ${ref} belongs to another tenant`]
    if (!(Math.abs(timeMs) <= MAX_TIME_MS)) return ['bad-time', `the time is ${timeMs}`]
    if (timeMs < bounds.oldestMs)
      return [
        'expired',
        `${iso(timeMs)} is before the retention, which begins at ${iso(bounds.oldestMs)}${asSeconds(timeMs)}`,
      ]
    return ['future', `${iso(timeMs)} is too far ahead of the clock; at most ${iso(bounds.newestMs)} is taken`]
  })()
  return { index: row, reason, detail }
}

function iso(epochMs: number): string {
  const date = new Date(epochMs)
  return Number.isNaN(date.getTime()) ? `${epochMs} ms` : date.toISOString()
}

/** Times that read as early 1970 in milliseconds are most likely meant in seconds. */
function asSeconds(timeMs: number): string {
  return timeMs > 0 && timeMs < 1e11 ? '; times are in milliseconds' : ''
}
