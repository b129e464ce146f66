import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SourceWatermarks } from '../../src/watermark/source-watermarks.ts'
import { throughSection } from './fixture.ts'

const T0 = 1_700_000_000_000
const OPTIONS = { disorderMs: 2_000, maxWaitMs: 10_000, idleAfterMs: 10_000, stalledAfterMs: 60_000 }

interface Step {
  readonly what: 'push' | 'poll' | 'caughtUp' | 'watermark'
  readonly name: string
  readonly afterMs: number
  readonly behindMs: number
  readonly rows: number
  readonly backlog: number
}
const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('push', 'push', 'push', 'poll', 'caughtUp', 'watermark'),
  name: fc.constantFrom('a', 'b'),
  afterMs: fc.constantFrom(0, 100, 1_000, 9_000, 40_000),
  behindMs: fc.integer({ min: -5_000, max: 20_000 }),
  rows: fc.constantFrom(1, 40, 2_000),
  backlog: fc.nat(2),
})

/** Two sources that push and two that are polled; what is seen of them at every step. */
function play(
  watermarks: SourceWatermarks,
  steps: readonly Step[],
  fromMs: number,
): { seen: unknown[]; nowMs: number } {
  let nowMs = fromMs
  const seen = steps.map(({ what, name, afterMs, behindMs, rows, backlog }) => {
    nowMs += afterMs
    const times = Float64Array.from({ length: rows }, (_, i) => nowMs - behindMs - (i % 7) * 900)
    if (what === 'push') watermarks.observe(`push ${name}`, nowMs - behindMs, times, rows, nowMs)
    if (what === 'poll') watermarks.observe(`poll ${name}`, nowMs - behindMs, times, rows, nowMs, backlog)
    if (what === 'caughtUp') watermarks.caughtUp(`poll ${name}`, nowMs)
    return [watermarks.watermarkMs(nowMs), watermarks.slowest(nowMs), watermarks.infos('t', nowMs)]
  })
  return { seen, nowMs }
}

async function restored(watermarks: SourceWatermarks, options: typeof OPTIONS = OPTIONS): Promise<SourceWatermarks> {
  const copy = new SourceWatermarks(options)
  await throughSection(
    (writer) => watermarks.save(writer),
    (reader) => copy.load(reader),
  )
  return copy
}

test('sources that push go on as they would have', () =>
  fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step), fc.array(step), async (isClockSet, before, after) => {
      const pushed = (steps: readonly Step[]) => steps.filter(({ what }) => what !== 'poll' && what !== 'caughtUp')
      const watermarks = new SourceWatermarks(OPTIONS)
      const { nowMs } = play(watermarks, pushed(before), isClockSet ? T0 : Number.NEGATIVE_INFINITY)
      const copy = await restored(watermarks)
      const fromMs = Math.max(T0, nowMs)
      expect(play(copy, pushed(after), fromMs)).toEqual(play(watermarks, pushed(after), fromMs))
    }),
  ))

test('the watermark does not go back, whoever was polled', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step), fc.array(step), async (before, after) => {
      const watermarks = new SourceWatermarks(OPTIONS)
      for (const name of ['poll a', 'poll b']) watermarks.open(name, T0)
      const { nowMs } = play(watermarks, before, T0)
      const last = watermarks.watermarkMs(nowMs)
      const copy = await restored(watermarks)
      expect(copy.isOpen('poll a')).toBe(false)
      expect([copy.open('poll a', nowMs), copy.open('poll b', nowMs)]).toEqual([true, true])
      // Not polled since, they hold it where they were: the clock alone would be further.
      expect(copy.watermarkMs(nowMs + 30_000)).toBeGreaterThanOrEqual(last)
      expect(copy.watermarkMs(nowMs + 30_000)).toBeLessThan(nowMs + 30_000 - OPTIONS.maxWaitMs)
      for (const [watermarkMs] of play(copy, after, nowMs + 30_000).seen as [number][])
        expect(watermarkMs).toBeGreaterThanOrEqual(last)
    }),
  ))

test('a polled source that is opened again knows how far it was and how disordered', async () => {
  const watermarks = new SourceWatermarks(OPTIONS)
  watermarks.open('poll', T0)
  const times = Float64Array.from({ length: 2_000 }, (_, i) => T0 - (i % 100) * 60)
  for (let i = 0; i < 40; i++) watermarks.observe('poll', T0, times, times.length, T0, 0)
  watermarks.watermarkMs(T0)
  const [before] = watermarks.infos('t', T0)
  const copy = await restored(await restored(watermarks))
  expect(copy.infos('t', T0)).toEqual([])
  copy.open('poll', T0 + 1_000)
  copy.watermarkMs(T0 + 1_000)
  expect(copy.infos('t', T0 + 1_000)[0]).toMatchObject({
    state: 'catching-up',
    maxEventMs: T0,
    disorderMs: before!.disorderMs,
  })
  expect(before!.disorderMs).toBeGreaterThan(OPTIONS.disorderMs)
})

test('under another bound the disorder is learned anew, and what nobody opens is forgotten in an hour', async () => {
  const watermarks = new SourceWatermarks(OPTIONS)
  watermarks.open('poll', T0)
  const times = Float64Array.from({ length: 2_000 }, (_, i) => T0 - (i % 100) * 60)
  for (let i = 0; i < 40; i++) watermarks.observe('poll', T0, times, times.length, T0, 0)
  watermarks.watermarkMs(T0)
  const other = await restored(watermarks, { ...OPTIONS, maxWaitMs: 20_000 })
  other.open('poll', T0)
  other.watermarkMs(T0)
  expect(other.infos('t', T0)[0]).toMatchObject({ disorderMs: OPTIONS.disorderMs, maxEventMs: T0 })
  const later = await restored(watermarks)
  later.watermarkMs(T0 + 3_600_000)
  later.open('poll', T0 + 3_600_000)
  expect(later.infos('t', T0 + 3_600_000)[0]).toMatchObject({ maxEventMs: Number.NEGATIVE_INFINITY })
})

test('noise is never a watermark in another way', () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
      const reading = throughSection(
        (writer) => {
          for (const byte of noise) writer.u8(byte)
        },
        (reader) => new SourceWatermarks(OPTIONS).load(reader),
      )
      await reading.catch((error: unknown) => expect(error).toMatchObject({ code: 'STATE_CORRUPT' }))
    }),
  ))
