import type { ServerContext } from './context.ts'

/** Something a person should look at while the server goes on. `code` is API, the message may be reworded. */
export interface ServerWarning {
  readonly code: 'CLOCK_STEP' | 'CLOCK_SUSPECT' | 'SNAPSHOT_SET_ASIDE' | 'SNAPSHOT_FAILED'
  readonly message: string
}

/** All there is to warn of now. */
export function warningsOf({ engine, restored, snapshots }: ServerContext): ServerWarning[] {
  const warnings: ServerWarning[] = []
  const { clockStepMs, tenants } = engine.stats()
  if (clockStepMs !== 0)
    warnings.push({
      code: 'CLOCK_STEP',
      message:
        `the system time is ${seconds(Math.abs(clockStepMs))} ${clockStepMs > 0 ? 'ahead of' : 'behind'} this server's clock, ` +
        'which follows it slowly; restart the server once the system time is right',
    })
  for (const { tenant, isClockSuspect } of tenants)
    if (isClockSuspect)
      warnings.push({
        code: 'CLOCK_SUSPECT',
        message:
          `most senders of tenant ${tenant} are ahead of this server's clock, which reads ${isoTime(engine.nowMs())}; ` +
          "set this machine's clock and restart the server",
      })
  if (restored.kind === 'set-aside') warnings.push({ code: 'SNAPSHOT_SET_ASIDE', message: setAsideText(restored) })
  const { problem } = snapshots.status
  if (problem !== undefined)
    warnings.push({ code: 'SNAPSHOT_FAILED', message: `the last snapshot could not be saved: ${problem}` })
  return warnings
}

/** One sentence for the log, the console and `/readyz`. */
export function setAsideText({ as, reason }: { readonly as: string; readonly reason: string }): string {
  return `the last snapshot could not be restored (${reason}); it is kept as ${as}, and open windows began anew`
}

/** An ISO time, or what can be said of a clock that was never set. */
export function isoTime(epochMs: number): string {
  return Number.isFinite(epochMs) ? new Date(epochMs).toISOString() : 'nothing yet'
}

function seconds(durationMs: number): string {
  return `${Math.round(durationMs / 1000)} s`
}
