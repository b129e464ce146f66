import { WindrowError } from '../errors.ts'
import type { BucketState, DistributionState, ExponentialBins, ExponentialState } from './distribution-state.ts'
import { ByteReader } from './sketch/byte-reader.ts'
import { ByteWriter } from './sketch/byte-writer.ts'
import { distributionProblem, hasVarintCounts, sketchProblem } from './sketch/check-state.ts'
import { readCount, readCounts, writeCount, writeCounts } from './sketch/count-row.ts'
import { EXACT_LIMIT } from './sketch/exponential/exact-values.ts'
import { ExponentialSketch } from './sketch/exponential/sketch.ts'
import type { BinnedSketchState, SketchState } from './sketch/exponential/sketch-state.ts'

/**
 * Partial state as bytes, little-endian: magic `57 53`, version, type, tenant id (u32), and the body of the type.
 * What is decoded has been checked: lengths before anything is allocated, counts finite and not negative, their total
 * equal to the count. Bad bytes are a `WindrowError` `STATE_CORRUPT` or `STATE_VERSION` with `details.offset`.
 */
const MAGIC_0 = 0x57
const MAGIC_1 = 0x53
const VERSION = 1

const TYPES = ['exponential-distribution', 'bucket-distribution', 'exact-sketch', 'binned-sketch'] as const
export type StateType = (typeof TYPES)[number]

export interface StateHeader {
  readonly type: StateType
  readonly tenantId: number
}

/** Bits of the flags byte. A bit that a type does not know is zero. */
const CUMULATIVE = 1
const FLOAT_COUNTS = 2
const ZERO_THRESHOLD = 4
const MIN_SEEN = 8
const MAX_SEEN = 16
const COLLAPSED = 32
const FROM_BUCKETS = 64
const UNBOUNDED_BUCKET = 128

/**
 * Encodes a ready-made distribution.
 *
 * @param into buffer to write to; the result is a part of it if it is large enough, else a buffer of its own
 * @throws WindrowError `STATE_CORRUPT` for a state that no decoder would take
 */
export function encodeDistribution(state: DistributionState, tenantId: number = 0, into?: Uint8Array): Uint8Array {
  refuse(distributionProblem(state))
  const writer = new ByteWriter(into)
  writeHeader(writer, state.type === 'exponential' ? 'exponential-distribution' : 'bucket-distribution', tenantId)
  const areFloats = !(Number.isSafeInteger(state.count) && hasVarintCounts(state))
  const zeroThreshold = state.type === 'exponential' ? state.zeroThreshold : 0
  writer.u8(
    (state.cumulative ? CUMULATIVE : 0) | (areFloats ? FLOAT_COUNTS : 0) | (zeroThreshold > 0 ? ZERO_THRESHOLD : 0),
  )
  writeCount(writer, state.count, areFloats)
  writer.f64(state.sum)
  writer.f64(state.min)
  writer.f64(state.max)
  if (state.type === 'exponential') writeSignedBins(writer, state, areFloats)
  else {
    writer.varint(state.bounds.length)
    for (let i = 0; i < state.bounds.length; i++) writer.f64(state.bounds[i]!)
    writeCounts(writer, state.counts, areFloats)
  }
  return writer.finish()
}

/**
 * Decodes `bytes[start]` to `bytes[end - 1]`.
 *
 * @throws WindrowError `STATE_CORRUPT` or `STATE_VERSION`, with `details.offset`
 */
export function decodeDistribution(
  bytes: Uint8Array,
  start: number = 0,
  end: number = bytes.length,
): DistributionState {
  const reader = new ByteReader(bytes, start, end)
  const { type } = readHeader(reader)
  let state: DistributionState
  if (type === 'exponential-distribution') state = readExponential(reader)
  else if (type === 'bucket-distribution') state = readBuckets(reader)
  else state = reader.corrupt(`state is of type ${type}, not a distribution`, start + 3)
  finish(reader, distributionProblem(state), start)
  return state
}

/** Encodes a sketch, exact or in bins. Equal sketches give equal bytes, whatever order their values came in. */
export function encodeSketch(sketch: ExponentialSketch, tenantId: number = 0, into?: Uint8Array): Uint8Array {
  const state = sketch.toState()
  const writer = new ByteWriter(into)
  if (state.form === 'exact') {
    writeHeader(writer, 'exact-sketch', tenantId)
    writer.u8(state.zeroThreshold > 0 ? ZERO_THRESHOLD : 0)
    writeSettings(writer, state)
    writer.varint(state.values.length)
    for (const value of state.values) writer.f64(value)
    return writer.finish()
  }
  writeHeader(writer, 'binned-sketch', tenantId)
  const areFloats = !hasVarintCounts(state)
  writer.u8(sketchFlags(state) | (areFloats ? FLOAT_COUNTS : 0))
  writer.f64(state.min)
  writer.f64(state.max)
  if (state.fromBuckets) writer.f64(state.bucketError)
  writeSignedBins(writer, state, areFloats)
  return writer.finish()
}

/**
 * Decodes a sketch from `bytes[start]` to `bytes[end - 1]`.
 *
 * @throws WindrowError `STATE_CORRUPT` or `STATE_VERSION`, with `details.offset`
 */
export function decodeSketch(bytes: Uint8Array, start: number = 0, end: number = bytes.length): ExponentialSketch {
  const reader = new ByteReader(bytes, start, end)
  const { type } = readHeader(reader)
  let state: SketchState
  if (type === 'exact-sketch') state = readExactSketch(reader)
  else if (type === 'binned-sketch') state = readBinnedSketch(reader)
  else state = reader.corrupt(`state is of type ${type}, not a sketch`, start + 3)
  finish(reader, sketchProblem(state), start)
  return ExponentialSketch.fromState(state)
}

/**
 * Type and tenant of an encoded state.
 *
 * @throws WindrowError `STATE_CORRUPT` or `STATE_VERSION`, with `details.offset`
 */
export function readStateHeader(bytes: Uint8Array, start: number = 0, end: number = bytes.length): StateHeader {
  return readHeader(new ByteReader(bytes, start, end))
}

function writeHeader(writer: ByteWriter, type: StateType, tenantId: number): void {
  writer.u8(MAGIC_0)
  writer.u8(MAGIC_1)
  writer.u8(VERSION)
  writer.u8(TYPES.indexOf(type) + 1)
  writer.u32(tenantId)
}

function readHeader(reader: ByteReader): StateHeader {
  const start = reader.offset
  if (reader.u8('magic') !== MAGIC_0 || reader.u8('magic') !== MAGIC_1) reader.corrupt('not an encoded state', start)
  const version = reader.u8('version')
  if (version !== VERSION) {
    throw new WindrowError('STATE_VERSION', `state has version ${version}, this library reads ${VERSION}`, {
      hint: 'Read it with the version of the library that wrote it, or a later one.',
      details: { offset: start + 2, version },
    })
  }
  const tag = reader.u8('type')
  const type = TYPES[tag - 1]
  if (type === undefined) reader.corrupt(`state has unknown type ${tag}`, start + 3)
  return { type, tenantId: reader.u32('tenant id') }
}

function readExponential(reader: ByteReader): ExponentialState {
  const flags = readFlags(reader, CUMULATIVE | FLOAT_COUNTS | ZERO_THRESHOLD)
  const totals = readTotals(reader, flags)
  return { type: 'exponential', ...totals, ...readSignedBins(reader, flags) }
}

function readBuckets(reader: ByteReader): BucketState {
  const flags = readFlags(reader, CUMULATIVE | FLOAT_COUNTS)
  const totals = readTotals(reader, flags)
  const bounds = readFloats(reader, reader.varint('number of bounds'), 'bound')
  const counts = readCounts(reader, bounds.length + 1, (flags & FLOAT_COUNTS) !== 0)
  return { type: 'buckets', ...totals, bounds, counts }
}

function readTotals(
  reader: ByteReader,
  flags: number,
): Pick<BucketState, 'count' | 'sum' | 'min' | 'max' | 'cumulative'> {
  return {
    count: readCount(reader, (flags & FLOAT_COUNTS) !== 0),
    sum: reader.f64('sum'),
    min: reader.f64('min'),
    max: reader.f64('max'),
    cumulative: (flags & CUMULATIVE) !== 0,
  }
}

function readExactSketch(reader: ByteReader): SketchState {
  const flags = readFlags(reader, ZERO_THRESHOLD)
  const settings = readSettings(reader, flags)
  const offset = reader.offset
  const length = reader.varint('number of values')
  if (length >= EXACT_LIMIT) reader.corrupt(`${length} values are not fewer than ${EXACT_LIMIT}`, offset)
  return { form: 'exact', ...settings, values: readFloats(reader, length, 'value') }
}

function readBinnedSketch(reader: ByteReader): SketchState {
  const flags = readFlags(reader, 0xff & ~CUMULATIVE)
  const fromBuckets = (flags & FROM_BUCKETS) !== 0
  return {
    form: 'bins',
    min: reader.f64('min'),
    max: reader.f64('max'),
    minSeen: (flags & MIN_SEEN) !== 0,
    maxSeen: (flags & MAX_SEEN) !== 0,
    collapsed: (flags & COLLAPSED) !== 0,
    fromBuckets,
    unboundedBucket: (flags & UNBOUNDED_BUCKET) !== 0,
    bucketError: fromBuckets ? reader.f64('error of buckets') : 0,
    ...readSignedBins(reader, flags),
  }
}

function sketchFlags(state: BinnedSketchState): number {
  return (
    (state.zeroThreshold > 0 ? ZERO_THRESHOLD : 0) |
    (state.minSeen ? MIN_SEEN : 0) |
    (state.maxSeen ? MAX_SEEN : 0) |
    (state.collapsed ? COLLAPSED : 0) |
    (state.fromBuckets ? FROM_BUCKETS : 0) |
    (state.unboundedBucket ? UNBOUNDED_BUCKET : 0)
  )
}

interface Settings {
  scale: number
  zeroThreshold: number
}

interface SignedBins extends Settings {
  zeroCount: number
  positive: ExponentialBins
  negative: ExponentialBins
}

function writeSettings(writer: ByteWriter, { scale, zeroThreshold }: Settings): void {
  writer.zigzag(scale)
  if (zeroThreshold > 0) writer.f64(zeroThreshold)
}

function readSettings(reader: ByteReader, flags: number): Settings {
  const scale = reader.zigzag('scale')
  return { scale, zeroThreshold: (flags & ZERO_THRESHOLD) !== 0 ? reader.f64('zero threshold') : 0 }
}

function writeSignedBins(writer: ByteWriter, state: SignedBins, areFloats: boolean): void {
  writeSettings(writer, state)
  writeCount(writer, state.zeroCount, areFloats)
  for (const { offset, counts } of [state.positive, state.negative]) {
    writer.zigzag(offset)
    writer.varint(counts.length)
    writeCounts(writer, counts, areFloats)
  }
}

function readSignedBins(reader: ByteReader, flags: number): SignedBins {
  const areFloats = (flags & FLOAT_COUNTS) !== 0
  const settings = readSettings(reader, flags)
  const zeroCount = readCount(reader, areFloats)
  const readBins = (): ExponentialBins => {
    const offset = reader.zigzag('offset of bins')
    return { offset, counts: readCounts(reader, reader.varint('number of bins'), areFloats) }
  }
  return { ...settings, zeroCount, positive: readBins(), negative: readBins() }
}

function readFlags(reader: ByteReader, known: number): number {
  const offset = reader.offset
  const flags = reader.u8('flags')
  if ((flags & ~known) !== 0) reader.corrupt(`flags ${flags} are not all known`, offset)
  return flags
}

function readFloats(reader: ByteReader, length: number, what: string): Float64Array {
  if (length * 8 > reader.remaining) reader.corrupt(`state ends before its ${length} numbers (${what})`)
  return Float64Array.from({ length }, () => reader.f64(what))
}

function finish(reader: ByteReader, problem: string | null, start: number): void {
  if (reader.remaining > 0) reader.corrupt(`state goes on for ${reader.remaining} bytes after its end`)
  if (problem !== null) reader.corrupt(problem, start)
}

function refuse(problem: string | null): void {
  if (problem !== null) throw new WindrowError('STATE_CORRUPT', `distribution cannot be encoded: ${problem}`)
}
