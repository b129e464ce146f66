import type { TenantNumbers } from '../telemetry/engine-numbers.ts'
import type { Tenant } from './tenant.ts'

/** What is to be known of a tenant, as plain numbers. */
export function tenantNumbers(tenant: Tenant, nowMs: number, dirtyWindows: number): TenantNumbers {
  const { live, points, sources, clockSuspect } = tenant
  const { resets, overlaps, indeterminate, pairedEarly } = live.pairCounts
  const lagMs = nowMs - live.watermarkMs
  return {
    tenant: tenant.name,
    watermarkMs: live.watermarkMs,
    lagMs: Number.isFinite(lagMs) ? lagMs : null,
    isClockSuspect: clockSuspect.isSuspect(nowMs),
    points: { ...points, rejected: { ...points.rejected } },
    sources: sources.infos(tenant.name, nowMs),
    queries: [...tenant.queries.values()].map((query) => query.numbers(nowMs)),
    counterPairs: { resets, overlaps, indeterminate, pairedEarly },
    stateItems: live.items,
    stateBytes: live.stateBytes,
    dirtyWindows,
  }
}
