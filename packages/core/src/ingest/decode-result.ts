/** Why a point was refused alone, in a good envelope. Stable words: they label the point law's counters. */
export type RejectReason =
  | 'invalid'
  | 'unsupported'
  | 'temporality'
  | 'expired'
  | 'future'
  | 'bad-time'
  /** A cumulative distribution older than the last one of its series: no amount can be told from it. */
  | 'out-of-order'
  | 'unknown-series'
  | 'foreign-tenant'
  | 'too-large'
  /** A series not seen before, and no room for more of them. */
  | 'series-limit'

export interface RejectedPoint {
  /** Position of the point in the payload or batch, counted from 0. */
  readonly index: number
  readonly reason: RejectReason
  /** What is wrong with this point, one sentence. */
  readonly detail?: string
}

/** What a wire decoder reports; a broken envelope throws `WindrowError` `DECODE_FAILED` instead. */
export interface DecodeResult {
  /** Rows appended to the batch. */
  readonly decoded: number
  readonly rejected: readonly RejectedPoint[]
}
