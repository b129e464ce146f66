import type { QueryPlan } from '../plan/query-plan.ts'
import { windowScheme } from '../window/scheme-of.ts'
import type { LagExplanation, SourceInfo } from './engine-api.ts'
import type { Tenant } from './tenant.ts'

/** Puts into words why the next window of a plan is not out yet. */
export function explainLag(
  plan: QueryPlan,
  latenessMs: number,
  tenant: Tenant,
  maxWaitMs: number,
  nowMs: number,
): LagExplanation {
  const { watermarkMs } = tenant.live
  const emitAfterMs = plan.emit?.at === 'final' ? latenessMs : 0
  const emittedMs = watermarkMs - emitAfterMs
  // A session may end at any time; the earliest is right behind what was emitted.
  const nextEndMs = plan.window.type === 'session' ? emittedMs : windowScheme(plan.window).firstEndAfter(emittedMs)
  const sources = tenant.sources.infos(tenant.name, nowMs)
  const slowest = tenant.sources.slowest(nowMs)
  const holding = sources.find(({ source }) => source === slowest)
  const latestMs = holding?.state === 'catching-up' ? null : nextEndMs + maxWaitMs + emitAfterMs
  const notWaitedFor = sources.filter(({ state }) => state === 'idle' || state === 'stalled')
  return {
    watermarkMs,
    nextEndMs,
    holding,
    notWaitedFor,
    latestMs,
    reason: reasonOf(nextEndMs, watermarkMs, nowMs, holding, latestMs, notWaitedFor),
  }
}

function reasonOf(
  nextEndMs: number,
  watermarkMs: number,
  nowMs: number,
  holding: SourceInfo | undefined,
  latestMs: number | null,
  notWaitedFor: readonly SourceInfo[],
): string {
  const window = `the window that ends at ${time(nextEndMs)}`
  if (nextEndMs > nowMs) return `${window} is not over yet`
  const upTo = `event time is complete up to ${time(watermarkMs)}`
  if (holding === undefined) return `${window} waits for the clock alone, ${silence(notWaitedFor)}; ${upTo}`
  if (latestMs === null)
    return `${window} waits for ${holding.source}, which is catching up (${holding.backlog} records left); ${upTo}`
  return `${window} waits for ${holding.source}, out at ${time(latestMs)} at the latest; ${upTo}`
}

/** Why no source is waited for. */
function silence(notWaitedFor: readonly SourceInfo[]): string {
  const stalled = notWaitedFor.filter(({ state }) => state === 'stalled')
  if (stalled.length === 0) return 'no source is talking'
  return stalled.map(({ source, reason = 'no-progress' }) => `${source} is stalled (${STALLED[reason]})`).join(', ')
}

const STALLED = {
  'no-progress': 'it got on no further',
  'pane-limit': 'waiting for it filled the panes',
  'memory-limit': 'waiting for it filled the memory',
}

function time(epochMs: number): string {
  if (!Number.isFinite(epochMs)) return 'an unknown time'
  const date = new Date(epochMs)
  // A manual clock may be set beyond what a date can say.
  return Number.isNaN(date.getTime()) ? `${epochMs} ms` : date.toISOString()
}
