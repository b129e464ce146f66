import { describe, expect, test } from 'vitest'
import { ManualClock, SystemClock } from '../src/clock.ts'

const T0 = Date.UTC(2026, 0, 5, 12)
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** The clocks of a machine that a test moves. */
class Machine {
  systemMs = T0
  monotonicMs = 5_000
  uptimeMs = 70_000
  uptimeReadings = 0
  readonly clock: SystemClock

  constructor({ hasUptime = true }: { readonly hasUptime?: boolean } = {}) {
    this.clock = new SystemClock({
      systemMs: () => this.systemMs,
      monotonicMs: () => this.monotonicMs,
      uptimeMs: hasUptime
        ? () => {
            this.uptimeReadings++
            return Math.floor(this.uptimeMs / 10) * 10
          }
        : undefined,
    })
  }

  /** Time passes in ticks, as an engine reads its clock; returns what the clock said at each. */
  run(forMs: number, tickMs = 100): number[] {
    const said: number[] = []
    for (let passedMs = 0; passedMs < forMs; passedMs += tickMs) {
      this.systemMs += tickMs
      this.monotonicMs += tickMs
      this.uptimeMs += tickMs
      said.push(this.clock.nowMs())
    }
    return said
  }

  /** The system time and the uptime go on, the monotonic clock of the platform may not. */
  sleep(forMs: number, monotonicCounts: boolean): void {
    this.systemMs += forMs
    this.uptimeMs += forMs
    if (monotonicCounts) this.monotonicMs += forMs
  }
}

describe('the system clock', () => {
  test('is the system time while that is steady, and reports no step', () => {
    const machine = new Machine()
    expect(machine.run(MINUTE_MS).at(-1)).toBe(T0 + MINUTE_MS)
    expect(machine.clock.stepMs).toBe(0)
    expect(machine.uptimeReadings).toBe(1)
  })

  for (const sign of [1, -1])
    test(`does not follow a step of an hour ${sign > 0 ? 'forth' : 'back'}, however long it lasts, and reports it`, () => {
      const machine = new Machine()
      machine.run(10_000)
      machine.systemMs += sign * HOUR_MS
      for (const lastsMs of [100, MINUTE_MS, HOUR_MS]) {
        machine.run(lastsMs)
        expect(machine.clock.nowMs()).toBeCloseTo(machine.systemMs - sign * HOUR_MS, 3)
        expect(machine.clock.stepMs).toBeCloseTo(sign * HOUR_MS, 3)
      }
      machine.systemMs -= sign * HOUR_MS
      machine.run(100)
      expect(machine.clock.stepMs).toBe(0)
      expect(machine.clock.nowMs()).toBeCloseTo(machine.systemMs, 3)
    })

  for (const sign of [1, -1])
    test(`slews on once the system time is back within a second ${sign > 0 ? 'ahead' : 'behind'}`, () => {
      const machine = new Machine()
      machine.systemMs += sign * HOUR_MS
      machine.run(MINUTE_MS)
      machine.systemMs -= sign * (HOUR_MS - 800)
      const before = machine.clock.nowMs()
      const said = machine.run(10_000)
      const elapsed = said.map((nowMs, i) => nowMs - (said[i - 1] ?? before))
      expect(machine.clock.stepMs).toBe(0)
      expect(Math.min(...elapsed)).toBeGreaterThanOrEqual(sign > 0 ? 99.99 : 89.99)
      expect(Math.max(...elapsed)).toBeLessThanOrEqual(sign > 0 ? 110.01 : 100.01)
      expect(said.at(-1)).toBeCloseTo(machine.systemMs, 3)
    })

  test('follows a second without a report: ten seconds of slewing take it', () => {
    const machine = new Machine()
    machine.systemMs += 1_000
    const said = machine.run(10_000)
    expect(machine.clock.stepMs).toBe(0)
    expect(said.at(-1)).toBeCloseTo(machine.systemMs, 3)
    machine.systemMs += 1_001
    machine.run(MINUTE_MS)
    expect(machine.clock.stepMs).toBeCloseTo(1_001, 3)
  })

  test('follows a system time that drifts by 500 parts in a million for a day', () => {
    const machine = new Machine()
    for (let second = 0; second < 86_400; second++) {
      machine.systemMs += 0.5
      machine.run(1_000, 1_000)
    }
    expect(machine.clock.stepMs).toBe(0)
    expect(machine.clock.nowMs()).toBeCloseTo(machine.systemMs, 0)
  })

  test('knows sleep from the step that it lives with', () => {
    const machine = new Machine()
    machine.systemMs -= HOUR_MS
    machine.run(MINUTE_MS)
    machine.sleep(8 * HOUR_MS, false)
    machine.run(100)
    expect(machine.clock.nowMs()).toBeCloseTo(machine.systemMs + HOUR_MS, -2)
    expect(machine.clock.stepMs).toBeCloseTo(-HOUR_MS, -2)
  })

  for (const monotonicCounts of [true, false])
    test(`wakes up at the right time when the monotonic clock ${monotonicCounts ? 'counts' : 'does not count'} sleep`, () => {
      const machine = new Machine()
      machine.run(10_000)
      machine.sleep(8 * HOUR_MS, monotonicCounts)
      machine.run(100)
      expect(machine.clock.nowMs()).toBeCloseTo(machine.systemMs, -1)
      expect(machine.clock.stepMs).toBe(0)
      machine.sleep(HOUR_MS, monotonicCounts)
      machine.run(100)
      expect(machine.clock.nowMs()).toBeCloseTo(machine.systemMs, -1)
    })

  test('tells the sleep from a step that came with it', () => {
    const machine = new Machine()
    machine.run(10_000)
    machine.sleep(HOUR_MS, false)
    machine.systemMs += 30_000
    machine.run(100)
    expect(machine.clock.nowMs()).toBeCloseTo(machine.systemMs - 30_000, -2)
    expect(machine.clock.stepMs).toBeCloseTo(30_000, -2)
  })

  test('asks for the uptime once a step, not once a reading', () => {
    const machine = new Machine()
    machine.systemMs += HOUR_MS
    machine.run(MINUTE_MS)
    expect(machine.uptimeReadings).toBe(2)
  })

  test('takes sleep for a step where nothing tells it', () => {
    const machine = new Machine({ hasUptime: false })
    machine.sleep(HOUR_MS, false)
    machine.run(100)
    expect(machine.clock.stepMs).toBeCloseTo(HOUR_MS, 3)
  })

  test('reads the clocks of this machine when it is given none', () => {
    const beforeMs = Date.now()
    const clock = new SystemClock()
    const nowMs = clock.nowMs()
    expect(nowMs).toBeGreaterThanOrEqual(beforeMs)
    expect(nowMs).toBeLessThanOrEqual(Date.now() + 1)
    expect(clock.stepMs).toBe(0)
  })
})

test('a manual clock knows no step, and refuses a time that is none', () => {
  const clock = new ManualClock()
  expect([clock.nowMs(), clock.stepMs]).toEqual([Number.NEGATIVE_INFINITY, 0])
  clock.advanceTo(T0)
  clock.advanceTo(T0 - 1)
  expect(clock.nowMs()).toBe(T0)
  expect(() => clock.advanceTo(Number.NaN)).toThrow(RangeError)
})
