import { boundarySignificand } from './boundary.ts'

export const MIN_SCALE = -10
export const MAX_SCALE = 20

/** Above it the table of one octave would be larger than the first-level cache; see `indexByLogarithm`. */
const MAX_TABLE_SCALE = 10
/** The smallest normal double, 2^-1022. */
export const MIN_NORMAL: number = 2 ** -1022

const float = new Float64Array(1)
const words = new Uint32Array(float.buffer)
/** Which of the two 32-bit words of a double holds its exponent: 1 on little-endian machines. */
export const HIGH_WORD: 0 | 1 = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0
export const LOW_WORD: 0 | 1 = HIGH_WORD === 1 ? 0 : 1

/**
 * The mapping of the OpenTelemetry base-2 exponential histogram (metrics data model, "ExponentialHistogram"), upper
 * bound inclusive: bin i holds (base^i, base^(i + 1)] with base = 2^(2^-scale). It is exact for every positive finite
 * double, subnormal ones included.
 *
 * One octave is cut into 2^(scale + 1) cells of equal width, which the leading mantissa bits name. A cell is narrower
 * than any bin, so at most one bin boundary lies in it, and one comparison with that boundary finishes the look-up.
 */
export interface ExponentialMapping {
  readonly scale: number
  /** (base - 1) / (base + 1): the error of the representative at the ends of a bin. */
  readonly relativeError: number
  /** Index of the bin that holds `value`, which is positive and finite. */
  indexOf(value: number): number
  /** The largest finite double in bin `index` (0 when the bin lies below the smallest double). */
  upperBound(index: number): number
  /** The point of the bin with the least worst relative error, 2 * lower * upper / (lower + upper). */
  representative(index: number): number
  /** Indices of the bins of the smallest and of the largest positive double. */
  readonly minIndex: number
  readonly maxIndex: number
}

const cache = new Map<number, ExponentialMapping>()

/** The mapping of a scale from -10 to 20, built on first use and shared. */
export function exponentialMapping(scale: number): ExponentialMapping {
  let mapping = cache.get(scale)
  if (mapping === undefined) {
    if (!Number.isInteger(scale) || scale < MIN_SCALE || scale > MAX_SCALE) {
      throw new RangeError(`scale must be an integer from ${MIN_SCALE} to ${MAX_SCALE}, got ${scale}`)
    }
    mapping = scale > MAX_TABLE_SCALE ? new LogarithmMapping(scale) : new TableMapping(scale)
    cache.set(scale, mapping)
  }
  return mapping
}

abstract class BaseMapping {
  readonly scale: number
  readonly relativeError: number

  constructor(scale: number) {
    this.scale = scale
    // tanh(ln(base) / 2) = (base - 1) / (base + 1), without overflow at scale -10 nor cancellation at scale 20.
    this.relativeError = Math.tanh((Math.LN2 * 2 ** -scale) / 2)
  }

  abstract indexOf(value: number): number

  /** Significand of the largest double at or below boundary `k` of an octave, an integer in [2^52, 2^53). */
  protected abstract significand(k: number): number

  get minIndex(): number {
    return this.indexOf(Number.MIN_VALUE)
  }

  get maxIndex(): number {
    return this.indexOf(Number.MAX_VALUE)
  }

  upperBound(index: number): number {
    const boundary = index + 1
    if (this.scale <= 0) return Math.min(2 ** (boundary * 2 ** -this.scale), Number.MAX_VALUE)
    const exponent = boundary >> this.scale
    const significand = this.significand(boundary & ((1 << this.scale) - 1))
    if (exponent >= 1024) return Number.MAX_VALUE
    if (exponent >= -1022) return significand * 2 ** (exponent - 52)
    // Subnormal doubles are multiples of 2^-1074: round down to one, not to the nearest.
    return Math.floor(significand / 2 ** (-1022 - exponent)) * Number.MIN_VALUE
  }

  representative(index: number): number {
    const middle = 2 ** (index * 2 ** -this.scale) * (1 + this.relativeError)
    return Math.min(Math.max(middle, Number.MIN_VALUE), Number.MAX_VALUE)
  }
}

/** Scales up to 10. The tables are open to the loop of `ExponentialSketch.addMany`, which does what `indexOf` does. */
export class TableMapping extends BaseMapping implements ExponentialMapping {
  /** log2 of the bins in one octave; 0 for negative scales, which are scale 0 shifted right by `coarser`. */
  readonly finer: number
  readonly coarser: number
  /** Right shift of the high word that leaves the number of the cell; `cellMask` cuts the exponent off. */
  readonly cellShift: number
  readonly cellMask: number
  /** Per cell: the index, counted from the octave's start, of the bin its start lies in or just above. */
  readonly cellBin: Int32Array
  /** Per cell: the boundary in it, as 20 high and 32 low bits of the mantissa; none is 2^31 - 1. */
  readonly boundHigh: Int32Array
  readonly boundLow: Uint32Array
  readonly #significands: Float64Array

  constructor(scale: number) {
    super(scale)
    this.finer = Math.max(scale, 0)
    this.coarser = Math.max(-scale, 0)
    const cells = 2 << this.finer
    this.cellShift = 20 - (this.finer + 1)
    this.cellMask = cells - 1
    this.cellBin = new Int32Array(cells)
    this.boundHigh = new Int32Array(cells).fill(0x7fffffff)
    this.boundLow = new Uint32Array(cells)
    const bins = 1 << this.finer
    this.#significands = Float64Array.from({ length: bins }, (_, k) => boundarySignificand(k, this.finer))
    let cell = 0
    for (let k = 0; k < bins; k++) {
      const mantissa = this.#significands[k]! - 2 ** 52
      const high = Math.floor(mantissa / 2 ** 32)
      const boundCell = high >> this.cellShift
      this.cellBin.fill(k - 1, cell, boundCell + 1)
      this.boundHigh[boundCell] = high
      this.boundLow[boundCell] = mantissa % 2 ** 32
      cell = boundCell + 1
    }
    this.cellBin.fill(bins - 1, cell)
  }

  protected significand(k: number): number {
    return this.#significands[k]!
  }

  indexOf(value: number): number {
    let exponentBias = 1023
    if (value < MIN_NORMAL) {
      value *= 2 ** 52
      exponentBias += 52
    }
    float[0] = value
    const high = words[HIGH_WORD]!
    const cell = (high >>> this.cellShift) & this.cellMask
    const mantissaHigh = high & 0xfffff
    const boundHigh = this.boundHigh[cell]!
    // The sign bit of the difference is the comparison, without a branch that no predictor can guess.
    let above = (boundHigh - mantissaHigh) >>> 31
    if (boundHigh === mantissaHigh && words[LOW_WORD]! > this.boundLow[cell]!) above = 1
    return ((((high >>> 20) - exponentBias) << this.finer) + this.cellBin[cell]! + above) >> this.coarser
  }
}

/** Scales 11 to 20: the logarithm decides, unless the value lies so near a boundary that only exact bits can. */
class LogarithmMapping extends BaseMapping implements ExponentialMapping {
  protected significand(k: number): number {
    return boundarySignificand(k, this.scale)
  }

  indexOf(value: number): number {
    let exponentBias = 1023
    if (value < MIN_NORMAL) {
      value *= 2 ** 52
      exponentBias += 52
    }
    float[0] = value
    const high = words[HIGH_WORD]!
    const significand = (2 ** 20 + (high & 0xfffff)) * 2 ** 32 + words[LOW_WORD]!
    const bins = 1 << this.scale
    const start = ((high >>> 20) - exponentBias) * bins
    // log2 is right to an ulp or two, so the product is off by less than 2^-30 of a bin.
    const position = Math.log2(significand / 2 ** 52) * bins
    const nearest = Math.round(position)
    if (Math.abs(position - nearest) > 2 ** -20) return start + Math.floor(position)
    const bound = nearest === bins ? 2 ** 53 : boundarySignificand(nearest, this.scale)
    return start + (significand > bound ? nearest : nearest - 1)
  }
}
