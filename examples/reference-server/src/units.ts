const DURATION_MS = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
} as const

const BYTES = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
} as const

/** `90s`, `1h30m`, `1y` (365 days) to milliseconds; undefined when it is not a duration above zero. */
export function parseDurationMs(text: string): number | undefined {
  if (!/^(?:\d{1,9}(?:ms|s|m|h|d|w|y))+$/.test(text)) return undefined
  let totalMs = 0
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g))
    totalMs += Number(digits) * DURATION_MS[unit as keyof typeof DURATION_MS]
  return totalMs > 0 && Number.isSafeInteger(totalMs) ? totalMs : undefined
}

/** `64MiB`, `1.5GB`, `4096` to bytes; undefined when it is not a size above zero. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s?(B|kB|MB|GB|KiB|MiB|GiB)?$/.exec(text)
  if (match === null) return undefined
  const bytes = Math.floor(Number(match[1]) * BYTES[(match[2] ?? 'B') as keyof typeof BYTES])
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined
}

/** The largest unit that divides the duration: `365d`, `90s`. */
export function formatDuration(durationMs: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const)
    if (durationMs % DURATION_MS[unit] === 0) return `${durationMs / DURATION_MS[unit]}${unit}`
  return `${durationMs}ms`
}

/** Three significant digits in binary units: `64 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  for (const unit of ['B', 'KiB', 'MiB']) {
    if (value < 1024) return `${Number(value.toPrecision(3))} ${unit}`
    value /= 1024
  }
  return `${Number(value.toPrecision(3))} GiB`
}
