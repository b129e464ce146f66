import type { StringNode } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'
import { nearest } from '../nearest.ts'

/** The names of UTC; written out, since platforms differ in what they call them. */
const UTC_NAMES = /^(?:etc\/)?(?:utc|uct|universal|zulu|gmt|gmt[+-]?0|greenwich)$/i

/** `Berlin` for `Europe/Berlin`. */
function placeOf(zone: string): string {
  return zone.slice(zone.lastIndexOf('/') + 1)
}

function suggest(name: string, known: readonly string[]): string | undefined {
  const place = name.replace(/\s+/g, '_').toLowerCase()
  return nearest(name, known) ?? known.find((zone) => placeOf(zone).toLowerCase() === place)
}

function isKnownToPlatform(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** The zone a name stands for, `UTC` for all names of UTC, or undefined and a diagnostic. */
export function resolveTimeZone(node: StringNode, diagnostics: DiagnosticList): string | undefined {
  const name = node.value
  if (UTC_NAMES.test(name)) return 'UTC'
  if (/^[+-]?\d/.test(name)) {
    const hint = 'for a fixed distance from UTC leave TZ out and shift the windows: OFFSET -2h'
    diagnostics.error('UNKNOWN_TIME_ZONE', node.span, `"${name}" is no name of a time zone`, hint)
    return undefined
  }
  const known = Intl.supportedValuesOf('timeZone')
  const listed = known.find((zone) => zone.toLowerCase() === name.toLowerCase())
  // The list holds one name of each zone; the platform knows more, such as older ones.
  if (listed !== undefined || isKnownToPlatform(name)) return listed ?? name
  const similar = suggest(name, known)
  const hint = similar === undefined ? 'write an IANA name, such as "Europe/Berlin"' : `did you mean "${similar}"?`
  diagnostics.error('UNKNOWN_TIME_ZONE', node.span, `there is no time zone "${name}"`, hint)
  return undefined
}
