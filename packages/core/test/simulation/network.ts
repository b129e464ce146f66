import type { Agent, Fleet, Report } from './fleet.ts'
import type { Random } from './random.ts'
import type { Point, Step } from './scenario.ts'

/** A step and when it happens by the true clock. */
export interface TimedStep {
  readonly atMs: number
  readonly step: Step
}

export interface NetworkOptions {
  readonly random: Random
  readonly fleet: Fleet
  readonly startMs: number
  readonly endMs: number
  readonly tenants: readonly string[]
  /** Every batch has a name, and no sample is in two batches. */
  readonly isPlain: boolean
}

interface Batch {
  readonly arrivesMs: number
  readonly batchId: string
  readonly points: readonly Point[]
}

/** Everything on its way from the agents to the engine: gateways that push, partitions that are read. */
export function createTraffic(options: NetworkOptions): TimedStep[] {
  const { random, fleet, tenants } = options
  const steps: TimedStep[] = []
  const delays = new Map<Agent, () => number>()
  for (const tenant of tenants) {
    const reports = fleet.reports.filter((report) => report.agent.tenant === tenant)
    const batches = reports.map((report, i): Batch & { readonly report: Report } => {
      const known = delays.get(report.agent)
      const delayMs = known ?? delayOf(random.fork())
      if (known === undefined) delays.set(report.agent, delayMs)
      return { arrivesMs: report.sentMs + delayMs(), batchId: `${tenant}-${i}`, points: report.points, report }
    })
    // A server keeps its way: some are read from a partition, the others are pushed by one gateway each.
    const ways = new Map<Agent, string>()
    const channels = new Map<string, Batch[]>()
    for (const batch of batches) {
      const { agent } = batch.report
      const way = ways.get(agent) ?? random.pick(['gateway-1', 'gateway-1', 'gateway-2', 'partition-1', 'partition-2'])
      ways.set(agent, way)
      channels.set(way, [...(channels.get(way) ?? []), batch])
    }
    for (const [way, ofWay] of channels) {
      const sorted = ofWay.sort((a, b) => a.arrivesMs - b.arrivesMs)
      steps.push(
        ...(way.startsWith('gateway') ? pushed(tenant, way, sorted, options) : polled(tenant, way, sorted, options)),
      )
    }
    if (random.chance(0.4) && !options.isPlain) steps.push(...cutAnew(tenant, batches, options))
  }
  return steps
}

/** How long a message of one agent takes: short, wide, or now and then very long. */
function delayOf(random: Random): () => number {
  const kind = random.integer(0, 3)
  if (kind === 0) return () => random.integer(1, 80)
  if (kind === 1) return () => Math.floor(random.exponential() * 600)
  if (kind === 2) return () => random.integer(0, 4_000)
  return () => (random.chance(0.9) ? random.integer(10, 500) : random.integer(5_000, 45_000))
}

/** A gateway hands batches on as they come, loses answers (so the same batch comes again) and is out at times. */
function pushed(
  tenant: string,
  source: string,
  batches: readonly Batch[],
  { random, endMs, startMs, isPlain }: NetworkOptions,
): TimedStep[] {
  const lossy = random.chance(0.3) ? 0.15 : 0.02
  const outMs = random.chance(0.25) ? random.integer(startMs, endMs) : Number.POSITIVE_INFINITY
  const backMs = outMs + random.integer(2_000, 70_000)
  const named = random.chance(0.9) || isPlain
  const steps: TimedStep[] = []
  for (const { arrivesMs, batchId, points } of batches) {
    const atMs = arrivesMs >= outMs && arrivesMs < backMs ? backMs : arrivesMs
    const step: Step = { do: 'push', tenant, source, points, ...(named ? { batchId } : {}) }
    steps.push({ atMs, step })
    if (named && random.chance(lossy)) steps.push({ atMs: atMs + random.integer(100, 30_000), step })
  }
  return steps
}

/** A partition is read in small bites, gets stuck, is read again from an earlier place, and may move away. */
function polled(
  tenant: string,
  source: string,
  batches: readonly Batch[],
  { random, startMs, endMs }: NetworkOptions,
): TimedStep[] {
  const steps: TimedStep[] = [{ atMs: startMs, step: { do: 'open', tenant, source } }]
  const everyMs = random.pick([500, 1_000, 2_500])
  const bite = random.pick([2, 8, 50])
  const stuckMs = random.chance(0.3) ? random.integer(startMs, endMs) : Number.POSITIVE_INFINITY
  const freeMs = stuckMs + random.integer(5_000, 100_000)
  const lastMs = Math.max(endMs, batches.at(-1)!.arrivesMs, Number.isFinite(freeMs) ? freeMs : 0)
  const closesMs = random.chance(0.15) ? random.integer(startMs, endMs) : Number.POSITIVE_INFINITY
  let offset = 0
  let atMs = startMs + random.integer(0, 3_000)
  for (; offset < batches.length || atMs < lastMs; atMs += everyMs) {
    if (atMs >= stuckMs && atMs < freeMs) continue
    if (atMs >= closesMs) break
    if (offset > 3 && random.chance(0.01)) offset -= random.integer(1, 3)
    let unread = 0
    for (let i = offset; i < batches.length && batches[i]!.arrivesMs <= atMs; i++) unread++
    if (unread === 0) {
      steps.push({ atMs, step: { do: 'caughtUp', tenant, source } })
      continue
    }
    for (const end = offset + Math.min(bite, unread); offset < end; offset++) {
      unread--
      const { batchId, points } = batches[offset]!
      steps.push({ atMs, step: { do: 'poll', tenant, source, batchId, points, backlog: unread, place: offset } })
    }
  }
  steps.push({ atMs, step: { do: closesMs < atMs ? 'close' : 'caughtUp', tenant, source } })
  return steps
}

/** A second gateway sends part of the same samples again, in batches of its own. */
function cutAnew(
  tenant: string,
  batches: readonly (Batch & { readonly report: Report })[],
  { random, fleet }: NetworkOptions,
): TimedStep[] {
  const steps: TimedStep[] = []
  let points: Point[] = []
  let number = 0
  for (const { report, arrivesMs } of batches) {
    if (report.agent.isJittery || !random.chance(0.3)) continue
    points.push(...report.points.filter((point) => fleet.isEvents[point.series] === false && point.gap === undefined))
    if (points.length === 0 || !random.chance(0.4)) continue
    const batchId = `${tenant}-again-${number++}`
    const atMs = arrivesMs + random.integer(0, random.pick([2_000, 100_000]))
    steps.push({ atMs, step: { do: 'push', tenant, source: 'gateway-3', batchId, points } })
    points = []
  }
  return steps
}
