import type { MetricKind, SeriesDescriptor } from '../../src/index.ts'
import type { Random } from './random.ts'
import type { Point } from './scenario.ts'

/** What one agent sends at one moment. */
export interface Report {
  readonly agent: Agent
  /** When it leaves the agent, by the true clock. */
  readonly sentMs: number
  readonly points: readonly Point[]
}

export interface Agent {
  readonly tenant: string
  readonly server: string
  /** Added to every time it writes. */
  readonly skewMs: number
  readonly intervalMs: number
  /** Times fall beside the beat: such series cannot be told from repeats by the second. */
  readonly isJittery: boolean
  /** Sends all amounts and levels of the last five minutes again each time this passes; 0 = never. */
  readonly resendEveryMs: number
}

export interface Fleet {
  readonly series: readonly SeriesDescriptor[]
  readonly reports: readonly Report[]
  /** Of each series: whether its samples have times of their own, so that a second copy can be told. */
  readonly isEvents: readonly boolean[]
}

export interface FleetOptions {
  readonly random: Random
  readonly startMs: number
  readonly endMs: number
  readonly tenants: readonly string[]
  /** Whether clocks may be wrong by an hour and stamps lie far ahead. */
  readonly wildClocks: boolean
  /** Whether some agents send again what they sent before. */
  readonly resends: boolean
}

export const METRICS: readonly { readonly metric: string; readonly kind: MetricKind }[] = [
  { metric: 'cpu', kind: 'gauge' },
  { metric: 'calls', kind: 'delta' },
  { metric: 'latency', kind: 'distribution' },
  { metric: 'bytes_total', kind: 'counter' },
]

const INTERVALS_MS = [1_000, 1_000, 2_000, 5_000, 5_000, 15_000, 30_000] as const
const SKEWS_MS = [0, 0, 0, 0, 120, 3_000, 9_000, -4_000] as const
const HOUR_MS = 3_600_000
const RESEND_BACK_MS = 300_000
/** A run stays small enough to be one of hundreds. */
const MOST_POINTS = 3_000

/** Servers with clocks and habits of their own, and everything they send between start and end. */
export function createFleet(options: FleetOptions): Fleet {
  const { random, startMs, endMs, tenants } = options
  const series: SeriesDescriptor[] = []
  const isEvents: boolean[] = []
  const reports: Report[] = []
  const rolloutMs = random.chance(0.3) ? random.integer(startMs + 10_000, endMs - 10_000) : Number.POSITIVE_INFINITY
  let budget = MOST_POINTS

  const addSeries = (agent: Agent, metric: string, kind: MetricKind, pod: string | undefined): number => {
    series.push({
      tenant: agent.tenant,
      metric,
      kind,
      server: agent.server,
      ...(pod === undefined ? {} : { labels: { pod } }),
    })
    isEvents.push(kind === 'distribution')
    return series.length - 1
  }

  const size = random.integer(3, 10)
  for (let number = 0; number < size; number++) {
    const own = random.fork()
    const agent: Agent = {
      tenant: own.pick(tenants),
      server: `${own.pick(['web', 'web', 'db'])}-${number}`,
      skewMs: options.wildClocks && own.chance(0.1) ? own.pick([HOUR_MS, -HOUR_MS]) : own.pick(SKEWS_MS),
      intervalMs: own.pick(INTERVALS_MS),
      isJittery: own.chance(0.2),
      resendEveryMs: own.chance(0.1) && options.resends ? 45_000 : 0,
    }
    const carried = METRICS.filter(() => own.chance(0.6))
    if (carried.length === 0) continue
    const hasPods = own.chance(0.4)
    const bornMs = own.chance(0.25) ? own.integer(startMs, endMs) : startMs
    const diesMs = own.chance(0.25) ? own.integer(startMs, endMs) : Number.POSITIVE_INFINITY
    const phaseMs = own.integer(0, agent.intervalMs - 1)
    const scale = own.pick([1, 100, 1e-3, 1e9])
    const eventsAtOnce = own.integer(1, 5)
    let refs: number[] | undefined
    let podNumber = 0
    let isRolledOut = false
    let isDead = false
    let runningTotal = 0
    let lastResendMs = bornMs
    const recent: Point[] = []

    for (let beatMs = bornMs + phaseMs; beatMs < endMs && budget > 0 && !isDead; beatMs += agent.intervalMs) {
      if (!isRolledOut && beatMs >= rolloutMs) {
        isRolledOut = true
        podNumber++
        refs = undefined
      }
      refs ??= carried.map(({ metric, kind }) =>
        addSeries(agent, metric, kind, hasPods || isRolledOut ? `pod-${podNumber}` : undefined),
      )
      const stampMs = beatMs + agent.skewMs + (agent.isJittery ? own.integer(0, 300) : 0)
      const points: Point[] = []
      isDead = beatMs >= diesMs
      for (const [i, { kind }] of carried.entries()) {
        const ref = refs[i]!
        if (isDead) {
          // Half of those that go say so.
          if (kind !== 'distribution' && number % 2 === 0)
            points.push({ series: ref, timeMs: stampMs, value: 0, gap: true })
          continue
        }
        const timeMs = options.wildClocks && own.chance(0.004) ? stampMs + own.integer(5_000, 900_000) : stampMs
        if (kind === 'distribution') {
          for (let event = own.integer(0, eventsAtOnce); event > 0; event--)
            points.push({
              series: ref,
              timeMs: stampMs - own.integer(0, agent.intervalMs),
              value: own.exponential() * scale,
            })
        } else if (kind === 'delta')
          points.push({ series: ref, timeMs, startMs: timeMs - agent.intervalMs, value: own.integer(0, 50) })
        else if (kind === 'counter') {
          runningTotal = own.chance(0.02) ? 0 : runningTotal + own.integer(0, 100)
          points.push({ series: ref, timeMs, value: runningTotal })
        } else points.push({ series: ref, timeMs, value: levelOf(own, scale) })
      }
      budget -= points.length
      recent.push(...points.filter((point) => isEvents[point.series] === false && point.gap === undefined))
      reports.push({ agent, sentMs: beatMs, points })
      if (agent.resendEveryMs > 0 && beatMs - lastResendMs >= agent.resendEveryMs && !agent.isJittery) {
        lastResendMs = beatMs
        const again = recent.filter((point) => point.timeMs > stampMs - RESEND_BACK_MS)
        reports.push({ agent, sentMs: beatMs, points: again })
      }
    }
  }
  return { series, reports, isEvents }
}

function levelOf(random: Random, scale: number): number {
  if (random.chance(0.01)) return Number.NaN
  if (random.chance(0.002)) return random.pick([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
  if (random.chance(0.05)) return random.pick([0, -0, scale * 1e15, -scale])
  return (random.next() - 0.2) * scale
}
