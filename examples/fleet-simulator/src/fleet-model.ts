import { createLatencyLibrary, type LatencyLibrary, type LatencyMood, type LatencyShape } from './latency-shapes.ts'
import { createRandom } from './random.ts'

/** The calls every server answers. */
export const ROUTES = [
  { route: '/cart', method: 'GetCart', medianSeconds: 0.02, share: 0.5 },
  { route: '/search', method: 'Search', medianSeconds: 0.06, share: 0.35 },
  { route: '/checkout', method: 'Checkout', medianSeconds: 0.12, share: 0.15 },
] as const

const TIERS = {
  web: { cpu: 0.15, cpuSwing: 0.45, queue: 6, carts: 90, callsPerSecond: 60 },
  api: { cpu: 0.2, cpuSwing: 0.5, queue: 25, carts: 40, callsPerSecond: 90 },
  db: { cpu: 0.3, cpuSwing: 0.35, queue: 12, carts: 15, callsPerSecond: 30 },
} as const
type TierName = keyof typeof TIERS

/** Of every ten servers five are web, three api, two db. */
const TIER_OF_TEN: readonly TierName[] = ['web', 'api', 'web', 'db', 'web', 'api', 'web', 'api', 'web', 'db']
const ZONES = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'] as const
const SPIKE_CHANCE = 1 / 900
const SPIKE_MIN_MS = 15_000
const SPIKE_SPAN_MS = 45_000
const DAY_MS = 86_400_000

export interface SimulatedServer {
  readonly name: string
  readonly tier: TierName
  readonly zone: string
}

/** What one server reports at one second. One instance is filled again and again. */
export interface ServerSample {
  /** Fraction 0..1. */
  cpuUtilization: number
  queueUnacked: number
  cartsNonEmpty: number
  /** One for each of `ROUTES`; its count is also the number of calls. */
  readonly latency: LatencyShape[]
}

export interface FleetModel {
  readonly servers: readonly SimulatedServer[]
  /** The one that is slow and hot all the time. */
  readonly badServer: SimulatedServer
  sample(server: number, epochMs: number, into: ServerSample): void
}

/**
 * How the simulated shop behaves: load follows the time of day (UTC; quiet at 4, busy at 16), servers of a
 * tier resemble each other, each has a spike of a minute or so now and then, and one is always bad.
 */
export function createFleetModel(options: { readonly servers: number; readonly seed: number }): FleetModel {
  const random = createRandom(options.seed)
  const servers = nameServers(options.servers)
  const bad = Math.max(
    servers.findIndex((server) => server.tier === 'api'),
    0,
  )
  const bias = Float64Array.from(servers, () => (random() - 0.5) * 0.1)
  const spikeUntilMs = new Float64Array(servers.length)
  const queue = Float64Array.from(servers, (server) => TIERS[server.tier].queue)
  const libraries: LatencyLibrary[] = ROUTES.map((route) => createLatencyLibrary(route.medianSeconds, random))

  return {
    servers,
    badServer: servers[bad]!,
    sample(server, epochMs, into) {
      const tier = TIERS[servers[server]!.tier]
      const day = timeOfDayLoad(epochMs)
      if (random() < SPIKE_CHANCE) spikeUntilMs[server] = epochMs + SPIKE_MIN_MS + random() * SPIKE_SPAN_MS
      const spiking = spikeUntilMs[server]! > epochMs
      const mood: LatencyMood = server === bad ? 'slow' : spiking ? 'busy' : 'normal'

      const usual = tier.cpu + tier.cpuSwing * day + bias[server]! + (spiking ? 0.3 : 0)
      const level = server === bad ? 0.93 : usual
      into.cpuUtilization = Math.max(0.01, Math.min(0.99, level + (random() - 0.5) * 0.06))

      const queueGoal = tier.queue * (0.3 + day) * (mood === 'normal' ? 1 : mood === 'busy' ? 6 : 20)
      queue[server] = queue[server]! + (queueGoal - queue[server]!) * 0.1
      into.queueUnacked = Math.round(queue[server]! * (0.8 + 0.4 * random()))
      into.cartsNonEmpty = Math.round(tier.carts * (0.1 + 0.9 * day) * (0.95 + 0.1 * random()))

      const callsPerSecond = tier.callsPerSecond * (0.2 + 0.8 * day)
      for (let route = 0; route < ROUTES.length; route++)
        into.latency[route] = libraries[route]!.pick(mood, callsPerSecond * ROUTES[route]!.share, random)
    },
  }
}

/** 0 at 04:00 UTC, 1 at 16:00 UTC, a sine between. */
export function timeOfDayLoad(epochMs: number): number {
  const hour = ((epochMs % DAY_MS) / DAY_MS) * 24
  return 0.5 - 0.5 * Math.cos(((hour - 4) / 24) * 2 * Math.PI)
}

function nameServers(count: number): SimulatedServer[] {
  const digits = Math.max(2, String(count).length)
  const counters = { web: 0, api: 0, db: 0 }
  return Array.from({ length: count }, (_, index) => {
    const tier = TIER_OF_TEN[index % TIER_OF_TEN.length]!
    counters[tier]++
    return { name: `${tier}-${String(counters[tier]).padStart(digits, '0')}`, tier, zone: ZONES[index % ZONES.length]! }
  })
}
