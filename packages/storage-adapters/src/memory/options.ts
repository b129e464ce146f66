export interface MemoryAdapterOptions {
  /**
   * Most bytes to hold, default 512 MiB. When a write exceeds it the oldest chunks, by their newest sample, over
   * all series and tenants are dropped until a sixteenth is free again.
   */
  readonly maxBytes?: number
  /**
   * How much history to keep, behind the newest sample of each tenant; default: all that fits. Samples and
   * results older than this are deleted no later than when a sixteenth of it has passed.
   */
  readonly retentionMs?: number
  /** Most rows of one chunk, default 2,048. Smaller chunks make the ceiling finer and cost more headers. */
  readonly maxChunkRows?: number
  /** Rows to aim at in one batch of a scan, default 8,192. */
  readonly scanBatchRows?: number
  /**
   * How many batch ids to remember, over all tenants, to recognise retries; default 65,536, fewer under a
   * ceiling of less than 160 MiB, so that ids take no more than about a sixteenth of it.
   */
  readonly maxBatchIds?: number
}

export interface ResolvedMemoryOptions {
  readonly maxBytes: number
  readonly retentionMs: number
  readonly maxChunkRows: number
  readonly scanBatchRows: number
  readonly maxBatchIds: number
}

const TYPICAL_ID_BYTES = 160

/** Throws `RangeError` for a number that cannot be meant. */
export function resolveMemoryOptions(options: MemoryAdapterOptions): ResolvedMemoryOptions {
  const maxBytes = positiveInteger('maxBytes', options.maxBytes ?? 512 * 1024 * 1024)
  const affordableIds = Math.max(1, Math.floor(maxBytes / 16 / TYPICAL_ID_BYTES))
  const { retentionMs = Number.POSITIVE_INFINITY } = options
  if (!(retentionMs > 0)) throw new RangeError(`retentionMs must be greater than 0, got ${retentionMs}`)
  return {
    maxBytes,
    retentionMs,
    maxChunkRows: positiveInteger('maxChunkRows', options.maxChunkRows ?? 2048),
    scanBatchRows: positiveInteger('scanBatchRows', options.scanBatchRows ?? 8192),
    maxBatchIds: positiveInteger('maxBatchIds', options.maxBatchIds ?? Math.min(65_536, affordableIds)),
  }
}

function positiveInteger(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`${name} must be a whole number of at least 1, got ${value}`)
  return value
}
