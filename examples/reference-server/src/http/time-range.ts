import { z } from 'zod'

/** Looked at when the caller names no range. */
export const DEFAULT_RANGE_MS = 15 * 60_000

const MAX_EPOCH_MS = 8.64e15

const epochMs = z
  .number({ error: 'give milliseconds since 1970, or an ISO time with a zone such as 2026-01-31T12:00:00Z' })
  .min(-MAX_EPOCH_MS)
  .max(MAX_EPOCH_MS)

/** Milliseconds since the epoch, as a number, as digits, or as ISO-8601 with a zone. */
export const timeParameter: z.ZodType<number> = z.preprocess((value) => {
  if (typeof value !== 'string') return value
  if (/^-?\d{1,17}$/.test(value)) return Number(value)
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/.test(value)) return value
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? value : ms
}, epochMs)

/** Query string of the routes that return results. */
export const rangeParameters = z.object({ from: timeParameter.optional(), to: timeParameter.optional() })
