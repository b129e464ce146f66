/** An epoch below this is in seconds: as milliseconds it would be before 1973-03-03. */
const SECONDS_BELOW = 1e11

const EPOCH = /^-?\d+(\.\d+)?$/
const CALENDAR =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?)?$/

/**
 * Milliseconds since the epoch of `2014-02-14 14:30:00` (UTC unless a zone follows), ISO-8601, or an epoch in
 * seconds or milliseconds. Undefined for anything else, dates that do not exist (30 February) included.
 */
export function parseTimestamp(text: string): number | undefined {
  const trimmed = text.trim()
  if (EPOCH.test(trimmed)) {
    const epoch = Number(trimmed)
    return Math.round(Math.abs(epoch) < SECONDS_BELOW ? epoch * 1000 : epoch)
  }
  const match = CALENDAR.exec(trimmed)
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const dayMs = Date.UTC(Number(year), Number(month) - 1, Number(day))
  // Date.UTC carries 30 February over into March; a month that moved tells.
  if (new Date(dayMs).getUTCMonth() !== Number(month) - 1) return undefined
  const zoneMinutes = parseZone(zone)
  if (zoneMinutes === undefined) return undefined
  const seconds = Number(hour) * 3600 + (Number(minute) - zoneMinutes) * 60 + Number(second)
  return dayMs + seconds * 1000 + Math.floor(Number(`0.${fraction || '0'}`) * 1000)
}

/** Minutes east of UTC. */
function parseZone(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2)) * (zone.length > 3 ? 1 : 0)
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
