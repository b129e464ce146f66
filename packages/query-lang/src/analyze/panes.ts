/** Most panes an engine keeps for one query. */
export const MAX_PANES = 4_096

export function gcd(a: number, b: number): number {
  let [x, y] = [a, b]
  while (y !== 0) [x, y] = [y, x % y]
  return x
}

/** `value` modulo `divisor`, in `[0, divisor)`. */
export function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor
}

/** `value` modulo `divisor`, in `(-divisor / 2, divisor / 2]`. */
export function leastShift(value: number, divisor: number): number {
  const positive = modulo(value, divisor)
  return positive > divisor / 2 ? positive - divisor : positive
}

/** The step nearest to `step` that divides `size` into whole panes, few enough and none shorter than `leastPane`. */
export function properStep(size: number, step: number, leastPane: number): number {
  const most = Math.max(1, Math.min(MAX_PANES, Math.floor(size / leastPane)))
  const wanted = Math.min(most, Math.max(1, Math.round(size / step)))
  for (let parts = wanted; parts > 1; parts--) if (size % parts === 0) return size / parts
  return size
}
