import type { IngestResult } from '@windrow/core'
import type { ServerContext } from '../context.ts'
import { HttpError } from '../http/http-error.ts'
import { isoTime } from '../warnings.ts'

/** A clock is set by a person: no sooner than that is it worth another try. */
const CLOCK_RETRY_S = 30

/**
 * 503 when nothing of the batch was taken for a reason of this server's: no room, or a clock that seems to be wrong.
 * The sender can send the same again. A batch of which something was taken is never refused: sent again, it would be
 * a duplicate as a whole.
 */
export function refuseUntaken(result: IngestResult, { engine }: Pick<ServerContext, 'engine'>): void {
  const { accepted, duplicates, shed, clockSuspect } = result
  if (accepted > 0) return
  if (clockSuspect)
    throw new HttpError(503, 'CLOCK_SUSPECT', `nothing was taken: ${slowClockText(engine.nowMs())}`, {
      hint: 'send the same again later; who runs the server has to set its clock and restart it',
      headers: { 'retry-after': String(CLOCK_RETRY_S) },
    })
  if (shed > 0 && duplicates === 0)
    throw new HttpError(503, 'OVERLOADED', 'the write queue is full, nothing was taken', {
      hint: 'send the same again in a second',
      headers: { 'retry-after': '1' },
    })
}

/** Why good points were refused as `future`. */
export function slowClockText(nowMs: number): string {
  return `most senders are ahead of this server's clock, which reads ${isoTime(nowMs)} and seems to be slow`
}
