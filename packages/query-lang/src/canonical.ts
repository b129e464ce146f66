import { windowOffsetMs } from './analyze/check-window.ts'
import type { QueryStatement, WindowClause } from './ast.ts'
import { durationMs, unitOriginMs } from './duration.ts'
import { print } from './print.ts'

/** The same windows in the fewest words: no EVERY of the window's own length, an offset in `[0, step)` or none. */
function canonicalWindow(window: WindowClause): WindowClause {
  const { size, every, span } = window
  const sameStep =
    every !== undefined && durationMs(every) === durationMs(size) && unitOriginMs(every) === unitOriginMs(size)
  const step = every ?? size
  const stepMs = durationMs(step)
  const count = (((windowOffsetMs(window) - unitOriginMs(step)) % stepMs) + stepMs) % stepMs
  const offset = {
    type: 'signed-duration',
    sign: 1,
    duration: { type: 'duration', unit: 'ms', count, span },
    span,
  } as const
  return {
    type: 'window',
    size,
    ...(every === undefined || sameStep ? {} : { every }),
    ...(count === 0 ? {} : { offset }),
    span,
  }
}

/**
 * The text under which equal queries are found: canonical print without SINCE and UNTIL, which say when a query
 * is asked and not what it asks.
 */
export function identityText(query: QueryStatement): string {
  const { range: _, ...rest } = query
  return print({ ...rest, window: canonicalWindow(query.window) })
}
