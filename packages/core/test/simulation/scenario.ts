import type { ColumnPlan, EngineOptions, RepairOptions, SeriesDescriptor } from '../../src/index.ts'
import type { FixedWindowPlan } from '../../src/plan/query-plan.ts'
import type { Shaking } from './shaky-storage.ts'

/** One sample on its way, by the number of its series in the scenario. */
export interface Point {
  readonly series: number
  readonly timeMs: number
  readonly value: number
  /** Start of the interval an amount is for. */
  readonly startMs?: number
  /** The sender says that there is no value. */
  readonly gap?: true
}

/** A stored query as data; the model reads this, the engine the plan made of it. */
export interface QuerySpec {
  readonly metric: string
  /** Servers by name, or by the beginning of their names; empty = all. */
  readonly servers: readonly string[]
  readonly serverPrefix?: string
  readonly window: FixedWindowPlan
  readonly columns: readonly ColumnPlan[]
  readonly groupBy: 'none' | 'server' | 'pod'
  readonly latenessMs?: number
  readonly late: 'drop' | 'side' | 'repair'
  readonly emit: 'end' | 'final' | 'every'
  /** With `every`. */
  readonly everyMs?: number
  /** Sessions instead of windows; held only in the end, as are readings. */
  readonly session?: { readonly gapMs: number; readonly maxMs: number }
  readonly reading?: 'increase' | 'rate'
  /** Which rows of a window are shown. */
  readonly show?: ShowSpec
}

interface InTenant {
  readonly tenant: string
}
interface OfSource extends InTenant {
  readonly source: string
}
interface OfQuery extends InTenant {
  readonly query: string
}

/** What happens, one after the other. A step that makes no sense where it stands (alter what is not there) is passed over. */
export type Step =
  | { readonly do: 'tick'; readonly nowMs: number }
  /** The engine goes on in another one, from a snapshot of this moment: nothing is lost. */
  | { readonly do: 'restart' }
  /** A snapshot is taken and kept; the engine goes on. */
  | { readonly do: 'save' }
  /**
   * The engine is gone, without a close, and another one goes on from the newest snapshot. Partitions are read again
   * from there; what was pushed since comes again before the clock moves, some time later, or never.
   */
  | { readonly do: 'kill'; readonly pushed: 'first' | 'later' | 'never' }
  | (OfSource & { readonly do: 'push'; readonly batchId?: string; readonly points: readonly Point[] })
  | (OfSource & { readonly do: 'open' | 'caughtUp' | 'close' })
  | (OfSource & {
      readonly do: 'poll'
      readonly batchId: string
      readonly points: readonly Point[]
      readonly backlog: number
      /** Of the batch in its partition; reading goes on at the next one. */
      readonly place?: number
    })
  | (OfQuery & { readonly do: 'add' | 'alter'; readonly spec: QuerySpec })
  | (OfQuery & { readonly do: 'pause' | 'resume' | 'remove' })

/** A whole run as plain data: the same scenario gives the same rows, byte by byte. */
export interface Scenario {
  readonly seed: number
  readonly startMs: number
  readonly options: Pick<EngineOptions, 'maxFutureMs' | 'futureHoldMs'>
  readonly series: readonly SeriesDescriptor[]
  readonly steps: readonly Step[]
  /** Whether samples are stored, and a run over them is held against them at the end. */
  readonly stored: boolean
  /** How the storage fails its engine. */
  readonly shaking?: Shaking
  readonly visibleAfterMs?: number
  readonly repair?: RepairOptions
}

/** HAVING one column against a number, ORDER BY, LIMIT and MIN SAMPLES, as data. Columns are exact ones. */
export interface ShowSpec {
  readonly minSamples?: number
  readonly having?: { readonly column: 'count' | 'min' | 'max'; readonly op: '>' | '<='; readonly value: number }
  readonly orderBy?: { readonly column: 'count' | 'min' | 'max'; readonly descending: boolean }
  readonly limit?: number
}
