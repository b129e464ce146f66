/** Time 0 of every script: noon of a Monday, so that days and weeks begin at `-12h`. */
export const SCRIPT_EPOCH_MS: number = Date.UTC(2026, 0, 5, 12)

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]

/** A time or a length: `-1m30s`. Sticky, for a cursor. */
export const TIME_PATTERN: RegExp = /[+-]?(?:\d+(?:ms|[dhms]))+(?![\w.])/y

/** Reads what `TIME_PATTERN` matches. */
export function readScriptTime(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  let totalMs = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[dhms])/g))
    totalMs += Number(count) * UNITS.find(([name]) => name === unit)![1]
  return sign * totalMs + 0
}

/** Inverse of `readScriptTime`, in its shortest form. */
export function printScriptTime(ms: number): string {
  if (!Number.isFinite(ms)) return ms > 0 ? 'Inf' : '-Inf'
  let rest = Math.abs(ms)
  let text = ms < 0 ? '-' : ''
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(rest / unitMs)
    rest -= count * unitMs
    if (count > 0) text += `${count}${unit}`
  }
  return ms === 0 ? '0s' : text
}
