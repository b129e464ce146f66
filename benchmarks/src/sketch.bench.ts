/**
 * The percentile sketch beside those of npm, on the same log-normal values and in one accuracy class: 1 % for the peers
 * (2 significant digits for HDR, delta 0.01 for t-digest), 0.54 % for ours. HDR keeps integers: it is given the values
 * times 10,000, multiplied before the clock runs.
 */
import { createRequire } from 'node:module'
import { DDSketch } from '@datadog/sketches-js'
import { ExponentialSketch, encodeSketch } from '@windrow/core'
import { build, initWebAssembly } from 'hdr-histogram-js'
import { measureTogether, type Report, spreadOf } from './harness.ts'
import { lognormalValues } from './seed.ts'

interface TDigestLike {
  push(value: number): void
  push_centroid(centroids: readonly { mean: number; n: number }[]): void
  percentile(fraction: number): number
  toArray(): { mean: number; n: number }[]
  size(): number
}
// The package has no types.
const { TDigest } = createRequire(import.meta.url)('tdigest') as { TDigest: new () => TDigestLike }

const VALUES = 200_000
const ENCODED_VALUES = 1_000_000
/** t-digest is slower by an order of magnitude; its share of the values keeps its turn about as long as the others'. */
const TDIGEST_VALUES = 20_000
const MERGES = 2000
const HDR_UNITS = 10_000
const P99 = { digits: 99, scale: 2 }

const hdrRequest = { lowestDiscernibleValue: 1, numberOfSignificantValueDigits: 2, autoResize: true } as const

export async function run(report: Report): Promise<void> {
  await initWebAssembly()
  await benchAdd(report)
  await benchMerge(report)
  benchBytes(report)
}

async function benchAdd(report: Report): Promise<void> {
  const values = lognormalValues(VALUES)
  const integers = values.map((value) => Math.round(value * HDR_UNITS))
  const fewer = values.subarray(0, TDIGEST_VALUES)
  const times = await measureTogether({
    addMany: () => {
      const sketch = new ExponentialSketch()
      sketch.addMany(values, 0, values.length)
      return sketch.quantile(P99)!
    },
    add: () => filled(new ExponentialSketch(), values).quantile(P99)!,
    '@datadog/sketches-js': () => filledDd(values).getValueAtQuantile(0.99),
    'hdr-histogram-js': () => filledHdr(integers, false).getValueAtPercentile(99),
    'hdr-histogram-js (wasm)': () => {
      const histogram = filledHdr(integers, true)
      const value = histogram.getValueAtPercentile(99)
      histogram.destroy()
      return value
    },
    tdigest: () => filledTDigest(fewer).percentile(0.99),
  })
  const millionPerSecond = (name: keyof typeof times): number =>
    (name === 'tdigest' ? TDIGEST_VALUES : VALUES) / times[name].median / 1e3
  const peer = best(PEERS, millionPerSecond)
  for (const [name, ours] of [['sketch/add', 'addMany'] as const, ['sketch/add one at a time', 'add'] as const]) {
    const value = millionPerSecond(ours)
    const peerValue = millionPerSecond(peer)
    report({ name, unit: 'M/s', value, spread: spreadOf(times[ours]), peer, peerValue, ratio: value / peerValue })
  }
}

async function benchMerge(report: Report): Promise<void> {
  // Sketches of equal size, as the panes of one group are.
  const [a, b] = [lognormalValues(TDIGEST_VALUES, { seed: 1 }), lognormalValues(TDIGEST_VALUES, { seed: 2 })]
  const scaled = (values: Float64Array) => values.map((value) => Math.round(value * HDR_UNITS))
  const [ours, ourOther] = [filled(new ExponentialSketch(), a), filled(new ExponentialSketch(), b)]
  const [dd, ddOther] = [filledDd(a), filledDd(b)]
  const [hdr, hdrOther] = [filledHdr(scaled(a), false), filledHdr(scaled(b), false)]
  const [wasm, wasmOther] = [filledHdr(scaled(a), true), filledHdr(scaled(b), true)]
  const [digest, digestOther] = [filledTDigest(a), filledTDigest(b).toArray()]
  const times = await measureTogether({
    windrow: () => repeat(() => ours.merge(ourOther)) + ours.count,
    '@datadog/sketches-js': () => repeat(() => dd.merge(ddOther)) + dd.count,
    'hdr-histogram-js': () => repeat(() => hdr.add(hdrOther)) + hdr.totalCount,
    'hdr-histogram-js (wasm)': () => repeat(() => wasm.add(wasmOther)) + wasm.totalCount,
    tdigest: () => repeat(() => digest.push_centroid(digestOther)) + digest.size(),
  })
  wasm.destroy()
  wasmOther.destroy()
  const perSecond = (name: keyof typeof times): number => (MERGES / times[name].median) * 1e3
  const peer = best(PEERS, perSecond)
  const [value, peerValue] = [perSecond('windrow'), perSecond(peer)]
  const spread = spreadOf(times.windrow)
  report({ name: 'sketch/merge', unit: 'merges/s', value, spread, peer, peerValue, ratio: value / peerValue })
}

/** Bytes of the encoded sketch of a million values; HDR's wasm build encodes as the other does, so it has no turn. */
function benchBytes(report: Report): void {
  const values = lognormalValues(ENCODED_VALUES)
  const value = encodeSketch(filled(new ExponentialSketch(), values)).length
  const sizes = {
    '@datadog/sketches-js': filledDd(values).toProto().length,
    'hdr-histogram-js': hdrBytes(values.map((each) => Math.round(each * HDR_UNITS))),
    // It has no encoding: two doubles a centroid.
    tdigest: filledTDigest(values.subarray(0, VALUES)).size() * 16,
  }
  const peer = best(['@datadog/sketches-js', 'hdr-histogram-js', 'tdigest'] as const, (name) => -sizes[name])
  report({
    name: 'sketch/bytes',
    unit: 'B',
    value,
    spread: 0,
    peer,
    peerValue: sizes[peer],
    ratio: sizes[peer] / value,
  })
}

const PEERS = ['@datadog/sketches-js', 'hdr-histogram-js', 'hdr-histogram-js (wasm)', 'tdigest'] as const

function best<Name extends string>(names: readonly Name[], score: (name: Name) => number): Name {
  return names.reduce((first, second) => (score(second) > score(first) ? second : first))
}

function repeat(merge: () => void): number {
  for (let i = 0; i < MERGES; i++) merge()
  return MERGES
}

function filled(sketch: ExponentialSketch, values: Float64Array): ExponentialSketch {
  for (let i = 0; i < values.length; i++) sketch.add(values[i]!)
  return sketch
}

function filledDd(values: Float64Array): DDSketch {
  const sketch = new DDSketch({ relativeAccuracy: 0.01 })
  for (let i = 0; i < values.length; i++) sketch.accept(values[i]!)
  return sketch
}

type Hdr = ReturnType<typeof build> & { destroy(): void }

function filledHdr(integers: Float64Array, useWebAssembly: boolean): Hdr {
  const histogram = build({ ...hdrRequest, useWebAssembly }) as Hdr
  for (let i = 0; i < integers.length; i++) histogram.recordValue(integers[i]!)
  return histogram
}

function hdrBytes(integers: Float64Array): number {
  const histogram = filledHdr(integers, true)
  const { length } = (histogram as unknown as { encode(): Uint8Array }).encode()
  histogram.destroy()
  return length
}

function filledTDigest(values: Float64Array): TDigestLike {
  const digest = new TDigest()
  for (let i = 0; i < values.length; i++) digest.push(values[i]!)
  return digest
}
