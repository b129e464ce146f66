import type { ServerSample } from './fleet-model.ts'
import type { PayloadTemplate } from './payload-template.ts'
import type { Random } from './random.ts'

const NANOS_PER_MS = 1_000_000n

/** What the servers of one payload report, summed up, so that a receiver can be held against it. */
export interface PayloadTotals {
  points: number
  calls: number
  latencySumSeconds: number
  cpuUtilizationSum: number
}

export function emptyTotals(): PayloadTotals {
  return { points: 0, calls: 0, latencySumSeconds: 0, cpuUtilizationSum: 0 }
}

export function addTotals(into: PayloadTotals, totals: PayloadTotals): void {
  into.points += totals.points
  into.calls += totals.calls
  into.latencySumSeconds += totals.latencySumSeconds
  into.cpuUtilizationSum += totals.cpuUtilizationSum
}

/**
 * Writes `ExportMetricsServiceRequest` payloads for several servers. An SDK for each server would spend
 * microseconds and several objects a point; a fleet of 10,000 needs tens of nanoseconds. A server's payload
 * has the same bytes every second but for times and numbers, so it is one copy of the shared template and
 * the numbers written over it at known offsets.
 */
export class PayloadWriter {
  readonly totals: PayloadTotals = emptyTotals()
  readonly #template: PayloadTemplate
  readonly #random: Random
  readonly #body: Uint8Array
  readonly #genericLevels: Float64Array
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #length = 0
  #stampedMs = Number.NaN

  constructor(options: {
    readonly template: PayloadTemplate
    readonly capacityBytes: number
    readonly random: Random
  }) {
    this.#template = options.template
    this.#random = options.random
    this.#body = options.template.bytes.slice()
    this.#genericLevels = Float64Array.from(options.template.generic, (_, index) => 10 ** (index % 4))
    this.#bytes = new Uint8Array(options.capacityBytes)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Starts a payload whose points are at `epochMs`; amounts are for the second before it. */
  begin(epochMs: number): void {
    this.#length = 0
    Object.assign(this.totals, emptyTotals())
    if (epochMs === this.#stampedMs) return
    this.#stampedMs = epochMs
    const body = new DataView(this.#body.buffer)
    const timeNs = BigInt(epochMs) * NANOS_PER_MS
    const startNs = timeNs - 1000n * NANOS_PER_MS
    for (const offset of this.#template.times) body.setBigUint64(offset, timeNs, true)
    for (const offset of this.#template.startTimes) body.setBigUint64(offset, startNs, true)
  }

  /** Appends a server. Throws `RangeError` when the capacity is used up. */
  add(head: Uint8Array, sample: ServerSample): void {
    const template = this.#template
    const base = this.#length + head.length
    this.#bytes.set(head, this.#length)
    this.#bytes.set(this.#body, base)
    this.#length = base + this.#body.length

    const view = this.#view
    view.setFloat64(base + template.cpuUtilization, sample.cpuUtilization, true)
    view.setFloat64(base + template.queueUnacked, sample.queueUnacked, true)
    view.setFloat64(base + template.cartsNonEmpty, sample.cartsNonEmpty, true)
    this.totals.points += template.points
    this.totals.cpuUtilizationSum += sample.cpuUtilization
    for (let route = 0; route < template.calls.length; route++) this.#writeRoute(base, route, sample)
    this.#writeGeneric(base, 0.5 + sample.cpuUtilization)
  }

  /** The payload so far; valid until `begin`. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #writeRoute(base: number, route: number, sample: ServerSample): void {
    const view = this.#view
    const shape = sample.latency[route]!
    const slot = this.#template.latency[route]!
    // Counts are below 2^32, so the high half of each 64-bit integer stays the template's zero.
    view.setUint32(base + this.#template.calls[route]!, shape.count, true)
    view.setUint32(base + slot.count, shape.count, true)
    view.setFloat64(base + slot.sum, shape.sum, true)
    view.setFloat64(base + slot.min, shape.min, true)
    view.setFloat64(base + slot.max, shape.max, true)
    this.#bytes.set(shape.counts, base + slot.buckets)
    this.totals.calls += shape.count
    this.totals.latencySumSeconds += shape.sum
  }

  #writeGeneric(base: number, load: number): void {
    const { generic } = this.#template
    const levels = this.#genericLevels
    const random = this.#random
    for (let metric = 0; metric < generic.length; metric++)
      this.#view.setFloat64(base + generic[metric]!, levels[metric]! * load * (0.9 + 0.2 * random()), true)
  }
}
