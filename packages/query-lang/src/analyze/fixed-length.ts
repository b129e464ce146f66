import type { DurationNode, SignedDurationNode } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { durationMs, isFixedDuration, printDuration } from '../duration.ts'

/** Milliseconds of a duration where months make no sense; undefined and a diagnostic for those. */
export function fixedLengthMs(duration: DurationNode, diagnostics: DiagnosticList): number | undefined {
  if (isFixedDuration(duration)) return durationMs(duration)
  const hint = 'months and years differ in length: write days (d) or weeks (w)'
  diagnostics.error('WRONG_UNIT', duration.span, `${printDuration(duration)} has no fixed length`, hint)
  return undefined
}

export function signedLengthMs(signed: SignedDurationNode, diagnostics: DiagnosticList): number | undefined {
  const lengthMs = fixedLengthMs(signed.duration, diagnostics)
  return lengthMs === undefined ? undefined : signed.sign * lengthMs
}
