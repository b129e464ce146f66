const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):(\d\d))$/

/**
 * Milliseconds since the epoch of an ISO 8601 date and time with zone, or undefined when the text is none or
 * names a moment that does not exist (30 February, 25:00). Digits after the milliseconds are cut off.
 */
export function readInstant(text: string): number | undefined {
  const parts = ISO.exec(text)
  if (parts === null) return undefined
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) => Number(parts[i] ?? '0')) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const milli = Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, milli)
  const written = [
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ]
  if (written.join() !== [month, day, hour, minute, second].join()) return undefined
  const [zoneHour, zoneMinute] = [Number(parts[9] ?? '0'), Number(parts[10] ?? '0')]
  if (zoneHour > 23 || zoneMinute > 59) return undefined
  const zoneMs = (parts[8] === '-' ? -1 : 1) * (zoneHour * 60 + zoneMinute) * 60_000
  const epochMs = date.getTime() - zoneMs
  // Outside the four-digit years a moment could not be written back.
  const utcYear = new Date(epochMs).getUTCFullYear()
  return utcYear >= 0 && utcYear <= 9999 ? epochMs : undefined
}

/** Inverse of `readInstant`, in UTC. */
export function printInstant(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
