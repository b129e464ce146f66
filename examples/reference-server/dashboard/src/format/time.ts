const clockSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short' })

/** 24-hour clock of this browser's zone, to the millisecond where it is not a whole second. */
export function formatClock(epochMs: number): string {
  const fraction = ((epochMs % 1000) + 1000) % 1000
  const text = clockSeconds.format(epochMs)
  return fraction === 0 ? text : `${text}.${String(Math.floor(fraction)).padStart(3, '0')}`
}

/** `12:04:10 – 12:04:20`, with the day when it is not today's. */
export function formatWindow(startMs: number, endMs: number): string {
  const days = day.format(startMs) === day.format(Date.now()) ? '' : `${day.format(startMs)} `
  return `${days}${formatClock(startMs)}\u2009–\u2009${formatClock(endMs)}`
}

/** `2.1 s`, `4 min`, `3 h`. */
export function formatSpan(spanMs: number): string {
  const seconds = spanMs / 1000
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)}\u2009s`
  if (seconds < 120) return `${Math.round(seconds)}\u2009s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)}\u2009min`
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)}\u2009h`
  return `${Math.round(seconds / 86_400)}\u2009d`
}

/** Value of a `datetime-local` input: local wall time without a zone. */
export function toLocalInput(epochMs: number): string {
  const shifted = new Date(epochMs - new Date(epochMs).getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 19)
}

export function fromLocalInput(text: string): number {
  return new Date(text).getTime()
}
