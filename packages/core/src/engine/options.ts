import { z } from 'zod'
import type { StorageAdapter } from '../storage/storage-adapter.ts'

const durationMs = z.number().int().nonnegative()

/** Options of `createEngine`, with their defaults. Times in ms. */
export const engineOptionsSchema = z.strictObject({
  /** `system` follows the machine's clock and drives itself; `manual` moves by `advanceTo` alone. */
  clock: z.enum(['system', 'manual']).default('system'),
  storage: z.custom<StorageAdapter>((value) => typeof value === 'object' && value !== null).optional(),
  /** Samples older than this are refused as `expired`. */
  retentionMs: durationMs.default(365 * 86_400_000),
  /** Samples further ahead of the clock than this are refused as `future`. Off under a manual clock unless set. */
  maxFutureMs: durationMs.optional(),
  /** Samples further ahead than this do not move the watermark. Off under a manual clock unless set. */
  futureHoldMs: durationMs.optional(),
  /** The watermark trails the newest event by this. */
  disorderMs: durationMs.default(2_000),
  /** The watermark is never further behind the clock than this. */
  maxWaitMs: durationMs.default(10_000),
  /** A push source without a batch for this long no longer holds the watermark. */
  idleAfterMs: durationMs.default(10_000),
  /** For queries that do not say LATENESS. */
  latenessMs: durationMs.default(10_000),
  /** Batch ids are remembered this long. */
  dedupHorizonMs: durationMs.default(610_000),
  minWindowMs: z.number().int().min(1_000).default(1_000),
  /** How often a system clock looks for windows that are due. */
  tickMs: z.number().int().min(10).max(10_000).default(100),
  /** Rows that may wait for the storage; beyond it batches are shed. */
  maxQueuedRows: z.number().int().positive().default(2_000_000),
  /** Number of this life of the engine; revisions of a later one are greater. */
  generation: z.number().int().min(1).max(2 ** 37).default(1),
  /** Told of errors that have no caller: a subscriber that throws, a storage that fails. */
  onError: z.custom<(error: unknown) => void>((value) => typeof value === 'function').optional(),
})

export type EngineOptions = z.input<typeof engineOptionsSchema>
export type ResolvedEngineOptions = z.output<typeof engineOptionsSchema>

export const DEFAULT_MAX_FUTURE_MS = 300_000
export const DEFAULT_FUTURE_HOLD_MS = 10_000

/** Checks and completes the options; throws `TypeError` naming every option at fault. */
export function resolveEngineOptions(options: EngineOptions): ResolvedEngineOptions {
  const parsed = engineOptionsSchema.safeParse(options)
  if (!parsed.success) throw new TypeError(`engine options: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}
