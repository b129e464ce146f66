import type { EngineOptions, SeriesDescriptor } from '@windrow/core'
import type { Severity } from '../diagnostics.ts'
import type { FactSubject, FactValue } from './facts.ts'

/**
 * A golden query script, parsed. All times are ms since the script's epoch, 2026-01-05T12:00:00Z (a Monday).
 * The format is described in `docs/golden-scripts.md`.
 */
export interface Script {
  readonly file: string
  readonly cases: readonly ScriptCase[]
  /** What is wrong with the text; a script with problems is not run. */
  readonly problems: readonly ScriptProblem[]
}

/** A place in a script that does not follow the format. Lines and columns count from 1. */
export interface ScriptProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

/** One case: an engine of its own and what happens to it. */
export interface ScriptCase {
  readonly name: string
  readonly line: number
  /** Where the manual clock stands at first. */
  readonly startMs: number
  readonly engineOptions: EngineOptions
  /** Whether the engine gets a storage, if the runner can make one. */
  readonly hasStorage: boolean
  /** Whether a step makes no sense without a storage. */
  readonly needsStorage: boolean
  readonly steps: readonly Step[]
}

/** What one sample of a series says. */
export interface ScriptSample {
  readonly timeMs: number
  readonly value: number
  /** How many samples it stands for. */
  readonly weight: number
  /** The sender reports a gap; the value means nothing. */
  readonly stale: boolean
  /** Start of the interval an amount is for. */
  readonly intervalStartMs?: number
}

export interface TimeRange {
  /** Inclusive. */
  readonly fromMs: number
  /** Exclusive. */
  readonly toMs: number
}

export interface ExpectedValue {
  readonly value: number | null
  /** How far off the actual value may be: a fraction of the expected one, or an amount. */
  readonly tolerance?: { readonly kind: 'relative' | 'absolute'; readonly by: number }
}

/** Flags of a row that are checked whether they are written or not. */
export const ROW_FLAGS = ['partial', 'early', 'retracted', 'infinite', 'interval-longer', 'stale'] as const
export type RowFlag = (typeof ROW_FLAGS)[number]

/** Numbers about a row; `rev` and `late` are checked always, the others where they are written. */
export const ROW_NUMBERS = ['rev', 'late', 'n', 'seen', 'expected', 'completeness', 'version', 'generation'] as const
export type RowNumber = (typeof ROW_NUMBERS)[number]

export const ROW_WORDS = ['source', 'sketch'] as const
export type RowWord = (typeof ROW_WORDS)[number]

export interface ExpectedRow {
  readonly line: number
  readonly startMs: number
  readonly endMs: number
  readonly group: ReadonlyMap<string, string | null>
  readonly values: ReadonlyMap<string, ExpectedValue>
  readonly flags: ReadonlySet<RowFlag>
  readonly numbers: ReadonlyMap<RowNumber, ExpectedValue>
  readonly words: ReadonlyMap<RowWord, string>
}

/** A sample that came behind the lateness, as `expect late` writes it. */
export interface ExpectedLate {
  readonly server: string
  readonly timeMs: number
  readonly value: number
}

export interface ExpectedDiagnostic {
  readonly code: string
  readonly line: number
  readonly column: number
}

interface Named {
  readonly name: string
}

export type Action =
  | { readonly type: 'load'; readonly series: SeriesDescriptor; readonly samples: readonly ScriptSample[] }
  | {
      readonly type: 'send'
      readonly range: TimeRange | undefined
      /** The rows of the send before, once more. */
      readonly again: boolean
      readonly reversed: boolean
      readonly source: string
      readonly batchId: string | undefined
      readonly backlog: number
    }
  | { readonly type: 'advance'; readonly by: boolean; readonly ms: number }
  | ({ readonly type: 'query' | 'alter'; readonly text: string } & Named)
  | ({ readonly type: 'pause' | 'resume' | 'drop' } & Named)
  | ({ readonly type: 'poll' | 'caught-up' | 'close' | 'replay' | 'finish' } & Named)
  | { readonly type: 'declare'; readonly text: string }
  | { readonly type: 'settle' }
  | { readonly type: 'snapshot' }
  | {
      readonly type: 'restore'
      /** Before this samples may be missing: -Infinity: none is; undefined: those before the snapshot's time. */
      readonly gapUntilMs: number | undefined
    }
  | ({ readonly type: 'expect-rows'; readonly latest: boolean; readonly rows: readonly ExpectedRow[] } & Named)
  | ({ readonly type: 'expect-late'; readonly rows: readonly ExpectedLate[] } & Named)
  | {
      readonly type: 'eval'
      readonly text: string
      readonly range: TimeRange | undefined
      readonly rows: readonly ExpectedRow[]
    }
  | {
      readonly type: 'expect-facts'
      readonly subject: FactSubject
      readonly name: string
      readonly facts: ReadonlyMap<string, FactValue>
    }
  | {
      readonly type: 'expect-diagnostics'
      readonly severity: Severity
      readonly stored: boolean
      /** None: the text has no diagnostics of the severity. */
      readonly diagnostics: readonly ExpectedDiagnostic[]
      readonly text: string
    }
  | { readonly type: 'expect-error'; readonly code: string; readonly action: Action }

export interface Step {
  readonly line: number
  readonly action: Action
}
