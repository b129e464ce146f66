import type { WindowClause } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { type DurationValue, printDuration } from '../duration.ts'
import { gcd, MAX_PANES, properStep } from './panes.ts'

export interface WindowLengths {
  readonly size: number
  readonly step: number
  /** The shortest pane, in the same unit. */
  readonly leastPane: number
  readonly inUnit: (count: number) => DurationValue
}

/** Says when the step is longer than the window, or the two need panes that are too short or too many. */
export function checkStep(window: WindowClause, lengths: WindowLengths, diagnostics: DiagnosticList): void {
  if (window.every === undefined) return
  const { size, step, leastPane, inUnit } = lengths
  const text = (count: number): string => printDuration(inUnit(count))
  const [sizeText, stepText] = [printDuration(window.size), printDuration(window.every)]
  const span = window.every.span
  if (step > size) {
    const hint = `samples in the gaps would be lost: write WINDOW ${stepText}, or a step of at most ${sizeText}`
    const message = `a step of ${stepText} leaves gaps between windows of ${sizeText}`
    diagnostics.error('STEP_LONGER_THAN_WINDOW', span, message, hint)
    return
  }
  const pane = gcd(size, step)
  const panes = `windows of ${sizeText} every ${stepText} need`
  const hint = `write EVERY ${text(properStep(size, step, leastPane))}`
  if (pane < leastPane) {
    const message = `${panes} panes of ${text(pane)}; the shortest is ${text(leastPane)}`
    diagnostics.error('PANE_TOO_SHORT', span, message, hint)
  } else if (size / pane > MAX_PANES) {
    const message = `${panes} ${size / pane} panes of ${text(pane)}; at most ${MAX_PANES} are kept`
    diagnostics.error('TOO_MANY_PANES', span, message, hint)
  }
}
