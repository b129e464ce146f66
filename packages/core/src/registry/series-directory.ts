import type { SeriesDescriptor, SeriesInfo, SeriesRef } from './identity.ts'

/** The face of the series registry that decoders and storage adapters see. */
export interface SeriesDirectory {
  /** Number of series ever registered; refs are `0 .. size - 1`. */
  readonly size: number
  /** Interns the series; the same identity always gives the same ref. Throws `SERIES_LIMIT` when there is no room. */
  register(descriptor: SeriesDescriptor): SeriesRef
  /** Throws `RangeError` for a ref this directory never gave out. */
  describe(ref: SeriesRef): SeriesInfo
  /** The number that stands for a tenant in encoded state; a new tenant gets the next one. */
  tenantId(tenant: string): number
}
