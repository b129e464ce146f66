import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SourceWatermarks } from '../../src/watermark/source-watermarks.ts'
import { T0 } from '../engine/fixtures.ts'

const OPTIONS = { disorderMs: 2_000, maxWaitMs: 10_000, idleAfterMs: 10_000, stalledAfterMs: 60_000 }

const name = fc.constantFrom('a', 'b', 'c', 'd')
const waitMs = fc.oneof(fc.nat(500), fc.nat(30_000), fc.nat(4_000_000))
/** Relative to the present, or nothing that tells progress. */
const eventMs = fc.oneof(
  fc.integer({ min: -12_000, max: 10_000 }),
  fc.integer({ min: -10_000_000, max: 10_000 }),
  fc.constant(Number.NEGATIVE_INFINITY),
)
const operation = fc.oneof(
  fc.record({ do: fc.constant('open' as const), name, waitMs }),
  fc.record({ do: fc.constant('close' as const), name, waitMs }),
  fc.record({ do: fc.constant('caughtUp' as const), name, waitMs }),
  fc.record({ do: fc.constant('abandon' as const), waitMs }),
  fc.record({ do: fc.constant('tick' as const), waitMs }),
  fc.record({ do: fc.constant('push' as const), name, eventMs, rows: fc.nat(40), waitMs }),
  fc.record({ do: fc.constant('poll' as const), name, eventMs, rows: fc.nat(40), waitMs, backlog: fc.nat(3) }),
)

test('law: the watermark never goes back nor past the clock, and is behind maxWait only for a named source', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(operation, { maxLength: 200 }), (isClockSet, operations) => {
      const sources = new SourceWatermarks(OPTIONS)
      let nowMs = isClockSet ? T0 : Number.NEGATIVE_INFINITY
      let last = Number.NEGATIVE_INFINITY
      for (const [i, step] of operations.entries()) {
        // A clock that was not set is set somewhere on the way.
        nowMs = nowMs === Number.NEGATIVE_INFINITY && i >= 5 ? T0 : nowMs + step.waitMs
        if (step.do === 'open') sources.open(step.name, nowMs)
        else if (step.do === 'close') sources.close(step.name)
        else if (step.do === 'caughtUp') sources.caughtUp(step.name, nowMs)
        else if (step.do === 'abandon') sources.abandonSlowest(nowMs, 'memory-limit')
        else if (step.do !== 'tick') {
          const maxEventMs = (Number.isFinite(nowMs) ? nowMs : T0) + step.eventMs
          const times = new Float64Array(step.rows).fill(Number.isFinite(maxEventMs) ? maxEventMs : T0)
          if (step.do === 'push') sources.observe(step.name, maxEventMs, times, step.rows, nowMs)
          else sources.observe(step.name, maxEventMs, times, step.rows, nowMs, step.backlog)
        }
        const watermarkMs = sources.watermarkMs(nowMs)
        expect(watermarkMs).toBeGreaterThanOrEqual(last)
        expect(watermarkMs).toBeLessThanOrEqual(nowMs)
        expect(sources.watermarkMs(nowMs)).toBe(watermarkMs)
        const infos = sources.infos('t', nowMs)
        if (watermarkMs < nowMs - OPTIONS.maxWaitMs) {
          const slowest = sources.slowest(nowMs)
          expect(infos.find(({ source }) => source === slowest)).toMatchObject({ state: 'catching-up' })
        }
        for (const { kind, state, reason } of infos) {
          expect(reason === undefined).toBe(state !== 'stalled')
          if (state === 'stalled' || state === 'catching-up') expect(kind).toBe('polled')
        }
        last = watermarkMs
      }
    }),
    { numRuns: 300 },
  )
})
