import type { SeriesDescriptor } from '../../src/index.ts'
import type { LooseQuery } from './loose-query.ts'
import type { QueryRun } from './query-run.ts'
import { ScreenModel } from './screen-model.ts'
import { TenantRun } from './tenant-run.ts'

/** All that is thought to be so in an engine; a copy of it is kept beside each snapshot. */
export class Belief {
  nowMs: number
  readonly tenants: Map<string, TenantRun> = new Map()
  /** By tenant and name. */
  readonly queries: Map<string, QueryRun> = new Map()
  /** Queries that are held only in the end, by tenant and name. */
  readonly loose: Map<string, LooseQuery> = new Map()
  /** Queries that were removed. */
  readonly gone: QueryRun[] = []
  readonly #series: readonly SeriesDescriptor[]

  constructor(nowMs: number, series: readonly SeriesDescriptor[]) {
    this.nowMs = nowMs
    this.#series = series
  }

  copy(): Belief {
    const copy = new Belief(this.nowMs, this.#series)
    for (const [name, tenant] of this.tenants) copy.tenants.set(name, tenant.copy())
    for (const [key, run] of this.queries) copy.queries.set(key, run.copy(copy.tenant(run.query.tenant).accepted))
    for (const [key, loose] of this.loose) copy.loose.set(key, { ...loose })
    copy.gone.push(...this.gone)
    return copy
  }

  tenant(name: string): TenantRun {
    const known = this.tenants.get(name)
    if (known !== undefined) return known
    const tenant = new TenantRun(new ScreenModel(this.#series))
    this.tenants.set(name, tenant)
    return tenant
  }

  get accepted(): number {
    return [...this.tenants.values()].reduce((sum, { accepted }) => sum + accepted.length, 0)
  }

  get windows(): number {
    return [...this.gone, ...this.queries.values()].reduce((sum, { windows }) => sum + windows, 0)
  }
}
