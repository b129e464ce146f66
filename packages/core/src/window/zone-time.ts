const DAY_MS = 86_400_000

/** `GMT`, `GMT+02:00`, `GMT-00:44:30`: how the long form writes a zone's offset, behind the date. */
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/

/** By the name the platform gives the zone, so that each zone has one formatter however it is spelled. */
const zones = new Map<string, ZoneTime>()

/**
 * The local clock of a time zone. A local time is written as the ms since the epoch at which a UTC clock shows it.
 */
export class ZoneTime {
  readonly isUtc: boolean
  readonly #format: Intl.DateTimeFormat

  constructor(format: Intl.DateTimeFormat, isUtc: boolean) {
    this.#format = format
    this.isUtc = isUtc
  }

  /** How far the local clock is ahead of UTC then, ms. Some 3 us where the zone is not UTC. */
  offsetAt(timeMs: number): number {
    if (this.isUtc) return 0
    const [, sign, hours, minutes, seconds] = OFFSET.exec(this.#format.format(timeMs)) ?? []
    const offsetMs = (Number(hours ?? 0) * 3_600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1_000
    return sign === '-' ? -offsetMs : offsetMs
  }

  /**
   * When the local clock shows `localMs`. A time it shows twice is the earlier one; a time it leaves out is moved on by
   * as much as it leaves out. This is what Temporal calls `compatible`.
   */
  timeAt(localMs: number): number {
    if (this.isUtc) return localMs
    // No clock is a day or more off UTC, and none was set twice within two days.
    const before = this.offsetAt(localMs - DAY_MS)
    const after = this.offsetAt(localMs + DAY_MS)
    if (before === after) return localMs - before
    const earlier = localMs - Math.max(before, after)
    const later = localMs - Math.min(before, after)
    // With the clock set back both may be right, with the clock set on neither.
    if (before > after) return this.offsetAt(earlier) === before ? earlier : later
    return this.offsetAt(earlier) === after ? earlier : later
  }
}

/**
 * @param name IANA name
 * @throws RangeError for a name the platform does not know
 */
export function zoneTime(name: string): ZoneTime {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  const { timeZone } = format.resolvedOptions()
  const known = zones.get(timeZone)
  if (known !== undefined) return known
  const zone = new ZoneTime(format, timeZone === 'UTC')
  zones.set(timeZone, zone)
  return zone
}
