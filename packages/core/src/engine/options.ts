import { z } from 'zod'
import type { StateStore } from '../storage/state-store.ts'
import type { StorageAdapter } from '../storage/storage-adapter.ts'

/** Options of `createEngine`. All times in ms. */
export interface EngineOptions {
  /** `system` (default) follows the machine's clock and drives itself; `manual` moves by `advanceTo` alone. */
  readonly clock?: 'system' | 'manual' | undefined
  /** Where samples and results are kept. The engine owns it: `close` closes it too. */
  readonly storage?: StorageAdapter | undefined
  /** Samples older than this are refused as `expired`. Default 365 days. */
  readonly retentionMs?: number | undefined
  /** Samples further ahead of the clock are refused as `future`. Default 5 min; off under a manual clock unless set. */
  readonly maxFutureMs?: number | undefined
  /** Samples further ahead do not move the watermark. Default 10 s; off under a manual clock unless set. */
  readonly futureHoldMs?: number | undefined
  /** The watermark trails the newest event of a source by this until its own disorder is known. Default 2 s. */
  readonly disorderMs?: number | undefined
  /** The watermark is never further behind the clock than this. Default 10 s. */
  readonly maxWaitMs?: number | undefined
  /** A push source without a batch for this long no longer holds the watermark. Default 10 s. */
  readonly idleAfterMs?: number | undefined
  /** A polled source without progress for this long is no longer waited for. Default 60 s. */
  readonly stalledAfterMs?: number | undefined
  /** For queries that do not say LATENESS. Default 10 s. */
  readonly latenessMs?: number | undefined
  /**
   * Batch ids are remembered this long, and as much longer as a stored query says `LATENESS` beyond `latenessMs`.
   * Default 10 min plus `latenessMs`.
   */
  readonly dedupHorizonMs?: number | undefined
  /**
   * How repeats of single samples are told: `exact` (default) over `dedupHorizonMs`, for the first million series, 93
   * bytes each and more without a beat; `last` only for the newest sample of a series. See `docs/time.md`.
   */
  readonly dedup?: 'exact' | 'last' | undefined
  /** Smallest window a query may have, at least 1 s. Default 1 s. */
  readonly minWindowMs?: number | undefined
  /** How often a system clock looks for windows that are due. Default 100 ms. */
  readonly tickMs?: number | undefined
  /** Series the engine may know, about 0.5 kB each; points of further ones are refused. Default 2,000,000. */
  readonly maxSeries?: number | undefined
  /** Rows that may wait for the storage; beyond it batches are shed. Default 2,000,000. */
  readonly maxQueuedRows?: number | undefined
  /**
   * Number of this life of the engine; revisions of a later one are greater. Default 1. With a state store the engine
   * goes on from the number kept there.
   */
  readonly generation?: number | undefined
  /**
   * Keeps what must outlive the process besides samples and results: the generation and the windows that wait for
   * repair. Rows are emitted once it was read. The engine owns it: `close` closes it too.
   */
  readonly stateStore?: StateStore | undefined
  /** How windows that samples behind the lateness made wrong are computed anew. */
  readonly repair?: RepairOptions | undefined
  /**
   * Window state the engine may hold, bytes. At 80 % of it a source that is catching up is no longer waited for.
   * Default 4 GiB.
   */
  readonly maxStateBytes?: number | undefined
  /** Told of errors that have no caller: a subscriber that throws, a storage that fails. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface RepairOptions {
  /** From the first late sample to the repair. Default 30 s. */
  readonly everyMs?: number | undefined
  /** Windows that may wait for it; the rows of others say `stale`. Default 100,000. */
  readonly maxDirtyWindows?: number | undefined
  /** Raw rows read in a second, over all queries. Default 2,000,000. */
  readonly maxRowsPerSecond?: number | undefined
  /** Windows of more raw rows are made `stale`. Default 50,000,000. */
  readonly maxWindowRows?: number | undefined
}

type WithDefault =
  | 'clock'
  | 'retentionMs'
  | 'disorderMs'
  | 'maxWaitMs'
  | 'idleAfterMs'
  | 'stalledAfterMs'
  | 'latenessMs'
  | 'dedup'
  | 'dedupHorizonMs'
  | 'minWindowMs'
  | 'tickMs'
  | 'maxQueuedRows'
  | 'maxSeries'
  | 'generation'
  | 'maxStateBytes'

/** The options, checked, with defaults filled in. */
export type ResolvedEngineOptions = EngineOptions & {
  readonly [name in WithDefault]: NonNullable<EngineOptions[name]>
}

/** What comes again comes within this, beside what may be late. */
const REPEATS_WITHIN_MS = 600_000

const durationMs = z.number().int().nonnegative()

const schema: z.ZodType<Omit<ResolvedEngineOptions, 'dedupHorizonMs'> & EngineOptions, EngineOptions> = z.strictObject({
  clock: z.enum(['system', 'manual']).default('system'),
  storage: z.custom<StorageAdapter>((value) => typeof value === 'object' && value !== null).optional(),
  retentionMs: durationMs.default(365 * 86_400_000),
  maxFutureMs: durationMs.optional(),
  futureHoldMs: durationMs.optional(),
  disorderMs: durationMs.default(2_000),
  maxWaitMs: durationMs.default(10_000),
  idleAfterMs: durationMs.default(10_000),
  stalledAfterMs: durationMs.default(60_000),
  latenessMs: durationMs.default(10_000),
  dedup: z.enum(['exact', 'last']).default('exact'),
  dedupHorizonMs: durationMs.optional(),
  minWindowMs: z.number().int().min(1_000).default(1_000),
  tickMs: z.number().int().min(10).max(10_000).default(100),
  maxSeries: z.number().int().positive().default(2_000_000),
  maxQueuedRows: z.number().int().positive().default(2_000_000),
  generation: z
    .number()
    .int()
    .min(1)
    .max(2 ** 37)
    .default(1),
  stateStore: z.custom<StateStore>((value) => typeof value === 'object' && value !== null).optional(),
  repair: z
    .strictObject({
      everyMs: z.number().int().min(1_000).optional(),
      maxDirtyWindows: z.number().int().positive().optional(),
      maxRowsPerSecond: z.number().positive().optional(),
      maxWindowRows: z.number().positive().optional(),
    })
    .optional(),
  maxStateBytes: z
    .number()
    .positive()
    .default(4 * 1024 ** 3),
  onError: z.custom<(error: unknown) => void>((value) => typeof value === 'function').optional(),
})

export const DEFAULT_MAX_FUTURE_MS = 300_000
export const DEFAULT_FUTURE_HOLD_MS = 10_000

/** Checks and completes the options; throws `TypeError` naming every option at fault. */
export function resolveEngineOptions(options: EngineOptions): ResolvedEngineOptions {
  const parsed = schema.safeParse(options)
  if (!parsed.success) throw new TypeError(`engine options: ${z.prettifyError(parsed.error)}`)
  const { latenessMs, dedupHorizonMs = REPEATS_WITHIN_MS + latenessMs } = parsed.data
  return { ...parsed.data, dedupHorizonMs }
}
