import type { ColumnPlan } from '../../src/index.ts'
import { METRICS } from './fleet.ts'
import type { TimedStep } from './network.ts'
import type { Random } from './random.ts'
import type { QuerySpec, ShowSpec } from './scenario.ts'

const COUNT: ColumnPlan = { name: 'count', aggregate: { fn: 'count' } }
const SUM: ColumnPlan = { name: 'sum', aggregate: { fn: 'sum' } }
const STATS: readonly ColumnPlan[] = [
  COUNT,
  { name: 'min', aggregate: { fn: 'min' } },
  { name: 'max', aggregate: { fn: 'max' } },
  { name: 'avg', aggregate: { fn: 'avg' } },
]
const PERCENTILES: readonly ColumnPlan[] = [
  { name: 'p0', aggregate: { fn: 'percentile', rank: { digits: 0, scale: 2 } } },
  { name: 'p50', aggregate: { fn: 'percentile', rank: { digits: 50, scale: 2 } } },
  { name: 'p99_9', aggregate: { fn: 'percentile', rank: { digits: 999, scale: 3 } } },
]
const SIZES_MS = [1_000, 2_000, 5_000, 5_000, 10_000, 15_000, 30_000, 60_000] as const

export interface OperatorOptions {
  /** Whether samples are stored, so that windows can be repaired. */
  readonly stored: boolean
  readonly random: Random
  readonly startMs: number
  readonly endMs: number
  readonly tenants: readonly string[]
}

/** The people at the other end: queries that come, change, rest and go. */
export function createOperations({ random, startMs, endMs, tenants, stored }: OperatorOptions): TimedStep[] {
  const steps: TimedStep[] = []
  for (let restarts = random.pick([0, 0, 1, 1, 3]); restarts > 0; restarts--)
    steps.push({ atMs: random.integer(startMs, endMs), step: { do: 'restart' } })
  const count = random.integer(2, 7)
  for (let number = 0; number < count; number++) {
    const tenant = random.pick(tenants)
    const query = `q${number}`
    const bornMs = random.chance(0.6) ? startMs : random.integer(startMs, endMs)
    let spec = querySpec(random, stored)
    steps.push({ atMs: bornMs, step: { do: 'add', tenant, query, spec } })
    if (!random.chance(0.5)) continue
    let atMs = bornMs
    for (let change = random.integer(1, 4); change > 0; change--) {
      atMs = random.integer(atMs, endMs)
      const what = random.integer(0, 6)
      if (what === 0) spec = querySpec(random, stored)
      else if (what === 1) spec = withLateness(spec, random.pick([0, 1_000, 8_000, 40_000]))
      else if (what === 6) spec = withRules(spec, random)
      if (what <= 1 || what === 6) steps.push({ atMs, step: { do: 'alter', tenant, query, spec } })
      else if (what === 2) steps.push({ atMs, step: { do: 'pause', tenant, query } })
      else if (what === 3) steps.push({ atMs, step: { do: 'resume', tenant, query } })
      else if (what === 4) steps.push({ atMs, step: { do: 'remove', tenant, query } })
      else steps.push({ atMs, step: { do: 'add', tenant, query, spec } })
    }
  }
  for (let loose = random.pick([0, 0, 1, 2]); loose > 0; loose--) {
    const spec = random.chance(0.5) ? sessionSpec(random, stored) : readingSpec(random, stored)
    steps.push({ atMs: startMs, step: { do: 'add', tenant: random.pick(tenants), query: `loose${loose}`, spec } })
  }
  return steps
}

export function querySpec(random: Random, stored: boolean): QuerySpec {
  const { metric, kind } = random.pick(METRICS)
  const sizeMs = random.pick(SIZES_MS)
  const stepMs = random.pick([sizeMs, sizeMs, sizeMs / 2, Math.max(1_000, sizeMs / 5), Math.min(sizeMs, 7_000)])
  const columns =
    kind === 'counter'
      ? [COUNT]
      : [...STATS, ...(kind === 'gauge' ? [] : [SUM]), ...(random.chance(0.5) ? PERCENTILES : [])]
  const spec: QuerySpec = {
    metric,
    servers: random.chance(0.15) ? ['web-0', 'db-1', 'web-1', 'nobody'] : [],
    ...(random.chance(0.2) ? { serverPrefix: random.pick(['web-', 'db-']) } : {}),
    window: { type: 'fixed', sizeMs, stepMs, offsetMs: random.chance(0.7) ? 0 : random.integer(0, stepMs - 1) },
    columns,
    groupBy: random.pick(['none', 'none', 'server', 'pod']),
    late: random.pick(stored ? ['repair', 'repair', 'repair', 'side', 'drop'] : ['drop', 'drop', 'side']),
    ...emission(random),
    ...(random.chance(0.25) ? { show: showSpec(random, kind === 'counter') } : {}),
  }
  // Where they are repaired, the more samples are late the better.
  if (spec.late === 'repair' && random.chance(0.6)) return withLateness(spec, random.pick([0, 0, 1_000, 2_000]))
  return random.chance(0.4) ? withLateness(spec, random.pick([0, 2_000, 10_000, 30_000])) : spec
}

function withLateness(spec: QuerySpec, latenessMs: number): QuerySpec {
  return { ...spec, latenessMs }
}

function withRules({ show: _, ...spec }: QuerySpec, random: Random): QuerySpec {
  return random.chance(0.3) ? spec : { ...spec, show: showSpec(random, spec.metric === 'bytes_total') }
}

function emission(random: Random): Pick<QuerySpec, 'emit' | 'everyMs'> {
  const emit = random.pick(['end', 'end', 'end', 'final', 'every'] as const)
  return emit === 'every' ? { emit, everyMs: random.pick([1_000, 3_000, 10_000]) } : { emit }
}

function showSpec(random: Random, onlyCount: boolean): ShowSpec {
  const column = (): 'count' | 'min' | 'max' => (onlyCount ? 'count' : random.pick(['count', 'min', 'max']))
  return {
    ...(random.chance(0.4) ? { minSamples: random.integer(2, 12) } : {}),
    ...(random.chance(0.5)
      ? { having: { column: column(), op: random.pick(['>', '<=']), value: random.pick([0, 1, 3, 10, 100]) } }
      : {}),
    ...(random.chance(0.6) ? { orderBy: { column: column(), descending: random.chance(0.5) } } : {}),
    ...(random.chance(0.6) ? { limit: random.integer(1, 4) } : {}),
  }
}

function sessionSpec(random: Random, stored: boolean): QuerySpec {
  const { show: _, ...spec } = looseSpec(random, stored)
  return {
    ...spec,
    metric: random.pick(['cpu', 'calls', 'latency']),
    columns: STATS.slice(0, 3),
    session: { gapMs: random.pick([1_000, 4_000, 10_000, 30_000]), maxMs: random.pick([60_000, 300_000, 86_400_000]) },
  }
}

function readingSpec(random: Random, stored: boolean): QuerySpec {
  const { show: _, ...spec } = looseSpec(random, stored)
  return {
    ...spec,
    metric: 'bytes_total',
    columns: [...STATS.slice(0, 3), SUM],
    reading: random.pick(['increase', 'rate']),
  }
}

/** Late samples are waited for long, or repaired. */
function looseSpec(random: Random, stored: boolean): QuerySpec {
  const spec = querySpec(random, stored)
  const emission = spec.emit === 'every' ? { everyMs: 10_000 } : {}
  return {
    ...spec,
    ...emission,
    late: stored ? 'repair' : 'drop',
    latenessMs: random.pick([0, 10_000, 120_000, 120_000]),
  }
}
