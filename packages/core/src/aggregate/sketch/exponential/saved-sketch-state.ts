import type { StateReader } from '../../../snapshot/state-reader.ts'
import type { StateWriter } from '../../../snapshot/state-writer.ts'
import type { ExponentialBins } from '../../distribution-state.ts'
import { sketchProblem } from '../check-state.ts'
import type { SketchState } from './sketch-state.ts'

/** Bits of the first byte. */
const BINNED = 1
const ZERO_THRESHOLD = 2
const MIN_SEEN = 4
const MAX_SEEN = 8
const COLLAPSED = 16
const FROM_BUCKETS = 32
const UNBOUNDED_BUCKET = 64
const FLOAT_COUNTS = 128

/**
 * Writes the state of a sketch as the memory holds it, for a snapshot that must not take long. What is stored or sent
 * is encoded by `encodeSketch`, which is smaller.
 */
export function saveSketchState(writer: StateWriter, state: SketchState): void {
  const withThreshold = state.zeroThreshold > 0 ? ZERO_THRESHOLD : 0
  if (state.form === 'exact') {
    writer.u8(withThreshold)
    writeSettings(writer, state)
    writer.row(state.values)
    return
  }
  const rows = [state.positive, state.negative].map(({ counts }) => counts)
  const areFloats = rows.some((counts) => !(counts instanceof Uint32Array))
  writer.u8(
    BINNED |
      withThreshold |
      (state.minSeen ? MIN_SEEN : 0) |
      (state.maxSeen ? MAX_SEEN : 0) |
      (state.collapsed ? COLLAPSED : 0) |
      (state.fromBuckets ? FROM_BUCKETS : 0) |
      (state.unboundedBucket ? UNBOUNDED_BUCKET : 0) |
      (areFloats ? FLOAT_COUNTS : 0),
  )
  writeSettings(writer, state)
  writer.f64(state.zeroCount)
  writer.f64(state.min)
  writer.f64(state.max)
  if (state.fromBuckets) writer.f64(state.bucketError)
  for (const { offset, counts } of [state.positive, state.negative]) {
    writer.zigzag(offset)
    if (areFloats) writer.row(Float64Array.from(counts))
    else writer.row(Uint32Array.from(counts))
  }
}

/** Reads the state back; it has been checked like one that `decodeSketch` gives. */
export function loadSketchState(reader: StateReader): SketchState {
  const { offset } = reader
  const state = readState(reader)
  const problem = sketchProblem(state)
  return problem === null ? state : reader.corrupt(problem, offset)
}

function readState(reader: StateReader): SketchState {
  const flags = reader.u8('flags of a sketch')
  const scale = reader.zigzag('scale')
  const zeroThreshold = (flags & ZERO_THRESHOLD) !== 0 ? reader.f64('zero threshold') : 0
  if ((flags & BINNED) === 0) return { form: 'exact', scale, zeroThreshold, values: reader.f64s('values') }
  const fromBuckets = (flags & FROM_BUCKETS) !== 0
  const readBins = (): ExponentialBins => ({
    offset: reader.zigzag('offset of bins'),
    counts: (flags & FLOAT_COUNTS) !== 0 ? reader.f64s('bins') : reader.u32s('bins'),
  })
  return {
    form: 'bins',
    scale,
    zeroThreshold,
    zeroCount: reader.f64('zero count'),
    min: reader.f64('min'),
    max: reader.f64('max'),
    minSeen: (flags & MIN_SEEN) !== 0,
    maxSeen: (flags & MAX_SEEN) !== 0,
    collapsed: (flags & COLLAPSED) !== 0,
    fromBuckets,
    unboundedBucket: (flags & UNBOUNDED_BUCKET) !== 0,
    bucketError: fromBuckets ? reader.f64('error of buckets') : 0,
    positive: readBins(),
    negative: readBins(),
  }
}

function writeSettings(writer: StateWriter, { scale, zeroThreshold }: SketchState): void {
  writer.zigzag(scale)
  if (zeroThreshold > 0) writer.f64(zeroThreshold)
}
