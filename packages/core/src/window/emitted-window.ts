import type { WindowResult } from '../result/window-result.ts'

/** What was emitted of one window, kept while late samples may still change it. */
export interface EmittedWindow {
  readonly startMs: number
  readonly endMs: number
  /** Newest row by slot, shown or taken back. */
  rows: Map<number, WindowResult>
  /** Slots that late samples changed since the last emission. */
  readonly dirty: Set<number>
  /** Samples by slot that came after the first emission. */
  readonly late: Map<number, number>
  emittedAtMs: number
}
