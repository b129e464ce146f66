import { describe, expect, test } from 'vitest'
import { createFleetModel, type ServerSample, timeOfDayLoad } from '../src/fleet-model.ts'
import { createLatencyLibrary, LATENCY_MOODS, type LatencyMood } from '../src/latency-shapes.ts'
import { createRandom } from '../src/random.ts'

const FOUR = Date.UTC(2026, 0, 15, 4)
const SIXTEEN = Date.UTC(2026, 0, 15, 16)

function averageOf(servers: number, seed: number, epochMs: number) {
  const model = createFleetModel({ servers, seed })
  const sample: ServerSample = { cpuUtilization: 0, queueUnacked: 0, cartsNonEmpty: 0, latency: [] }
  return model.servers.map((server, index) => {
    let cpu = 0
    let calls = 0
    let seconds = 0
    for (let second = 0; second < 60; second++) {
      model.sample(index, epochMs + second * 1000, sample)
      expect(sample.cpuUtilization).toBeGreaterThan(0)
      expect(sample.cpuUtilization).toBeLessThan(1)
      cpu += sample.cpuUtilization / 60
      for (const { count, sum } of sample.latency) {
        calls += count
        seconds += sum
      }
    }
    return { server, bad: server === model.badServer, cpu, calls, meanSeconds: seconds / calls }
  })
}

const mean = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length

describe('fleet model', () => {
  test('has five web, three api and two db servers in ten, each name once', () => {
    const names = createFleetModel({ servers: 50, seed: 1 }).servers.map(({ name }) => name)
    expect(new Set(names).size).toBe(50)
    const count = (tier: string): number => names.filter((name) => name.startsWith(`${tier}-`)).length
    expect([count('web'), count('api'), count('db')]).toEqual([25, 15, 10])
  })

  test('is quiet at 4 and busy at 16', () => {
    expect(timeOfDayLoad(FOUR)).toBeCloseTo(0, 12)
    expect(timeOfDayLoad(SIXTEEN)).toBeCloseTo(1, 12)
    const good = (epochMs: number) => averageOf(20, 3, epochMs).filter(({ bad }) => !bad)
    expect(mean(good(SIXTEEN).map(({ cpu }) => cpu))).toBeGreaterThan(mean(good(FOUR).map(({ cpu }) => cpu)) + 0.2)
    expect(mean(good(SIXTEEN).map(({ calls }) => calls))).toBeGreaterThan(
      2 * mean(good(FOUR).map(({ calls }) => calls)),
    )
  })

  test('has one bad server, hotter and slower than all others', () => {
    const servers = averageOf(20, 5, FOUR)
    const bad = servers.filter((server) => server.bad)
    expect(bad.map(({ server }) => server.name)).toEqual(['api-01'])
    for (const other of servers.filter((server) => !server.bad)) {
      expect(bad[0]!.cpu).toBeGreaterThan(other.cpu)
      expect(bad[0]!.meanSeconds).toBeGreaterThan(2 * other.meanSeconds)
    }
  })

  test('the same seed gives the same fleet, another seed another one', () => {
    const figures = (seed: number) => averageOf(5, seed, SIXTEEN).map(({ cpu, calls }) => [cpu, calls])
    expect(figures(11)).toEqual(figures(11))
    expect(figures(12)).not.toEqual(figures(11))
  })
})

describe('latency library', () => {
  // Of a lognormal the mean is median x exp(sigma^2 / 2).
  test.each(['normal', 'busy', 'slow'] as const)(
    '%s calls have the mean of their distribution',
    (mood: LatencyMood) => {
      const random = createRandom(21)
      const library = createLatencyLibrary(0.02, random)
      let calls = 0
      let seconds = 0
      for (let draw = 0; draw < 2000; draw++) {
        const shape = library.pick(mood, 60, random)
        calls += shape.count
        seconds += shape.sum
      }
      const { slowdown, sigma } = LATENCY_MOODS[mood]
      const expected = 0.02 * slowdown * Math.exp(sigma ** 2 / 2)
      expect(Math.abs(seconds / calls / expected - 1)).toBeLessThan(0.1)
      expect(calls / 2000).toBeGreaterThan(55)
      expect(calls / 2000).toBeLessThan(73)
    },
  )
})
