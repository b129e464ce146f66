import type { DistributionState } from '../aggregate/distribution-state.ts'
import { decodeDistribution, encodeDistribution } from '../aggregate/state-codec.ts'
import { KIND_CODES, TEMPORALITY_CODES } from '../registry/canonical.ts'
import type { SeriesRef } from '../registry/identity.ts'
import { SeenSeconds } from '../registry/seen-seconds.ts'
import type { SeriesProgress } from '../registry/series-progress.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import { CumulativeDistributions } from './cumulative-distributions.ts'
import type { RejectedPoint, RejectReason } from './decode-result.ts'
import { BatchColumn, SampleBatch, SampleFlag } from './sample-batch.ts'

const DISTRIBUTION = KIND_CODES.distribution
const CUMULATIVE = TEMPORALITY_CODES.cumulative

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
  #kept = new Uint32Array(1024)
  readonly #compact = new SampleBatch(1024)

  /** `dedupHorizonMs`: how far back repeats of single samples are told; undefined = only of the newest one. */
  constructor(
    registry: SeriesRegistry,
    progress: SeriesProgress,
    startedMs: number,
    dedupHorizonMs: number | undefined,
  ) {
    this.#registry = registry
    this.#progress = progress
    this.#cumulative = new CumulativeDistributions(startedMs)
    this.#seen = dedupHorizonMs === undefined ? undefined : new SeenSeconds(dedupHorizonMs)
  }

  get bytes(): number {
    return this.#seen?.bytes ?? 0
  }

  screen(batch: SampleBatch, tenantId: number, bounds: TimeBounds): Screened {
    const { series, timestampsMs, values, length } = batch
    const { tenantIds, kindCodes, size } = this.#registry
    const progress = this.#progress
    const seen = this.#seen
    progress.ensure(size)
    seen?.ensure(size)
    const { lastMs, lastValue } = progress
    if (this.#kept.length < length) this.#kept = new Uint32Array(batch.capacity)
    const kept = this.#kept
    const { oldestMs, newestMs, progressMs } = bounds
    const startTimes = (batch.columns & BatchColumn.startTimes) === 0 ? undefined : batch.startTimesMs
    const flags = (batch.columns & BatchColumn.flags) === 0 ? undefined : batch.flags
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
      if (kindCodes[ref] !== DISTRIBUTION) {
        const last = lastMs[ref]!
        if (timeMs > last) {
          seen?.advance(ref, last, timeMs)
          progress.advance(ref, timeMs, values[row]!)
          if (startTimes !== undefined) progress.lastStartMs[ref] = startTimes[row]!
        } else if (timeMs === last && (startTimes === undefined || progress.lastStartMs[ref] === startTimes[row])) {
          duplicates++
          if (!Object.is(lastValue[ref]! + 0, values[row]! + 0)) conflicts++
          continue
        } else if (seen?.takeOlder(ref, last, timeMs) === true) {
          duplicates++
          continue
        } else progress.takeOlder(ref, timeMs)
      } else if (timeMs > lastMs[ref]!) progress.advance(ref, timeMs, values[row]!)
      if (timeMs <= progressMs && timeMs > maxEventMs) maxEventMs = timeMs
      if (timeMs < minEventMs) minEventMs = timeMs
      if (flags !== undefined && (flags[row]! & SampleFlag.precisionLost) !== 0) precisionLost++
      kept[keptCount++] = row
    }

    const whole = keptCount === length
    if (whole && (batch.columns & BatchColumn.states) === 0)
      return {
        batch,
        accepted: length,
        duplicates,
        conflicts,
        precisionLost,
        rejected: NONE,
        maxEventMs,
        minEventMs,
      }
    const refused = rejected ?? []
    const repeated = this.#copyKept(batch, keptCount, refused)
    return {
      batch: this.#compact,
      accepted: this.#compact.length,
      duplicates: duplicates + repeated,
      conflicts,
      precisionLost,
      rejected: refused,
      maxEventMs,
      minEventMs,
    }
  }

  /** Copies the kept rows; returns how many running histograms were repeats. */
  #copyKept(batch: SampleBatch, keptCount: number, rejected: RejectedPoint[]): number {
    const to = this.#compact
    to.clear()
    const states = (batch.columns & BatchColumn.states) === 0 ? undefined : batch.states
    let state = 0
    let repeated = 0
    for (let i = 0; i < keptCount; i++) {
      const row = this.#kept[i]!
      const ref = batch.series[row]! as SeriesRef
      let bytes: Uint8Array | undefined
      let sum = batch.values[row]!
      if (states !== undefined) {
        while (state < states.count && states.rows[state]! < row) state++
        if (state < states.count && states.rows[state] === row) {
          bytes = states.bytes.subarray(states.offsets[state]!, states.offsets[state + 1]!)
          if (this.#registry.temporalityCodes[ref] === CUMULATIVE) {
            const amount = this.#amount(batch, row, ref, bytes)
            if (amount === 'duplicate') {
              repeated++
              continue
            }
            if (amount === 'out-of-order') {
              rejected.push({
                index: row,
                reason: 'out-of-order',
                detail: 'a running histogram older than the last one',
              })
              continue
            }
            bytes = encodeDistribution(amount, this.#registry.tenantIds[ref]!)
            sum = amount.sum
          }
        }
      }
      const at = to.push(ref, batch.timestampsMs[row]!, sum)
      if ((batch.columns & BatchColumn.startTimes) !== 0) to.setStartTime(at, batch.startTimesMs![row]!)
      if ((batch.columns & BatchColumn.weights) !== 0) to.setWeight(at, batch.weights![row]!)
      if ((batch.columns & BatchColumn.flags) !== 0) to.setFlags(at, batch.flags![row]!)
      if (bytes !== undefined) to.setState(at, bytes)
    }
    return repeated
  }

  #amount(
    batch: SampleBatch,
    row: number,
    ref: SeriesRef,
    bytes: Uint8Array,
  ): DistributionState | 'duplicate' | 'out-of-order' {
    const state = decodeDistribution(bytes)
    const startMs = (batch.columns & BatchColumn.startTimes) === 0 ? 0 : batch.startTimesMs![row]!
    return this.#cumulative.difference(ref, batch.timestampsMs[row]!, startMs, state)
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
    if (!Number.isFinite(timeMs)) return ['bad-time', `the time is ${timeMs}`]
    if (timeMs < bounds.oldestMs)
      return ['expired', `${iso(timeMs)} is before the retention, which begins at ${iso(bounds.oldestMs)}`]
    return ['future', `${iso(timeMs)} is too far ahead of the clock; at most ${iso(bounds.newestMs)} is taken`]
  })()
  return { index: row, reason, detail }
}

function iso(epochMs: number): string {
  const date = new Date(epochMs)
  return Number.isNaN(date.getTime()) ? `${epochMs} ms` : date.toISOString()
}
