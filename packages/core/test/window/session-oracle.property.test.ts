import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WindowResult } from '../../src/result/window-result.ts'
import { type NaiveSession, type NaiveSessions, naiveSessions } from '../../src/testing/naive-sessions.ts'
import type { NaiveSample } from '../../src/testing/naive-windows.ts'
import { createSessions, P50, type SessionSetup, STATS } from './session-fixture.ts'

/**
 * Laws, for any samples in any order and any steps of the watermark: what readers hold of sessions that are over is what
 * the naive reference makes of the samples taken; a sample is taken by the documented rule, and late by it; revisions
 * rise, and nothing is said twice.
 */

type Step =
  | { readonly type: 'sample'; readonly group: string; readonly aheadMs: number; readonly value: number }
  | { readonly type: 'advance'; readonly byMs: number; readonly nowByMs: number }

const setupArbitrary = fc.record({
  gapMs: fc.constantFrom(2, 5, 10, 30),
  maxMs: fc.constantFrom(30, 47, 100, 10_000),
  latenessMs: fc.constantFrom(0, 5, 20, 60, 1_000),
  baseMs: fc.constantFrom(0, -70, 1_767_614_400_000),
})

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('sample' as const),
      group: fc.constantFrom('a', 'b'),
      /** Relative to the watermark; most are not too late. */
      aheadMs: fc.oneof(fc.integer({ min: -60, max: 30 }), fc.integer({ min: -15, max: 5 })),
      value: fc.integer({ min: -9, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('advance' as const),
      byMs: fc.oneof({ weight: 3, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: fc.nat(80) }),
      nowByMs: fc.constantFrom(0, 300, 60_000),
    }),
  },
)
const stepsArbitrary = fc.array(stepArbitrary, { maxLength: 80, size: 'max' })

interface Seen {
  /** Newest row by identity, those taken back included. */
  readonly newest: Map<string, WindowResult>
}

/** Reads a row as a subscriber does, and checks what each row promises. */
function read({ newest }: Seen, row: WindowResult, watermarkMs: number): void {
  const key = `${row.group['server']}|${row.startMs}`
  const before = newest.get(key)
  if (before !== undefined) {
    expect(row.revision).toBeGreaterThan(before.revision)
    const told = (of: WindowResult): unknown => [of.endMs, of.values, of.early, of.retracted]
    expect(told(row)).not.toEqual(told(before))
  }
  if (row.retracted === true) {
    expect(before === undefined || before.retracted === true).toBe(false)
    expect({ ...row, revision: 0, retracted: undefined }).toEqual({ ...before, revision: 0, retracted: undefined })
  } else if (row.early === true) expect(row.endMs).toBeGreaterThan(watermarkMs)
  else expect(row.endMs).toBeLessThanOrEqual(watermarkMs)
  newest.set(key, row)
}

function shownRows({ newest }: Seen): WindowResult[] {
  return [...newest.values()].filter((row) => row.retracted !== true)
}

function expectDisjoint(rows: readonly WindowResult[]): void {
  const inOrder = [...rows].sort(
    (a, b) => a.group['server']!.localeCompare(b.group['server']!) || a.startMs - b.startMs,
  )
  for (const [i, row] of inOrder.entries()) {
    const next = inOrder[i + 1]
    if (next?.group['server'] === row.group['server']) expect(next!.startMs).toBeGreaterThanOrEqual(row.endMs)
  }
}

function ofNaive({ group, startMs, endMs, count, min, max, sorted }: NaiveSession): unknown {
  const sum = sorted.reduce((total, value) => total + value, 0)
  const p50 = sorted[Math.ceil(sorted.length / 2) - 1]!
  return { group, startMs, endMs, count, values: { count, sum, min, max, avg: sum / count, p50 } }
}

function ofRow({ group, startMs, endMs, count, values }: WindowResult): unknown {
  return { group: group['server'], startMs, endMs, count, values: { ...values } }
}

function byStart(rows: readonly WindowResult[]): WindowResult[] {
  return [...rows].sort((a, b) => a.group['server']!.localeCompare(b.group['server']!) || a.startMs - b.startMs)
}

/** A query on sessions beside the naive reference, fed with the same samples. */
class Run {
  readonly #setup: NaiveSessions & { readonly latenessMs: number }
  readonly sessions: ReturnType<typeof createSessions>
  readonly seen: Seen = { newest: new Map() }
  readonly taken: NaiveSample[] = []
  readonly counts = { onTime: 0, lateApplied: 0, lateDropped: 0 }
  watermarkMs: number
  #nowMs = 0
  #isMoved = false

  constructor(setup: SessionSetup & NaiveSessions & { readonly latenessMs: number; readonly baseMs: number }) {
    this.#setup = setup
    this.sessions = createSessions({ ...setup, columns: [...STATS, P50] })
    this.watermarkMs = setup.baseMs
    this.sessions.onRow = (row) => read(this.seen, row, this.watermarkMs)
  }

  sample(group: string, timeMs: number, value: number): void {
    const { gapMs, maxMs, latenessMs } = this.#setup
    const sample = { group, timeMs, value }
    const [alone] = naiveSessions([sample], this.#setup)
    // Before the watermark first moved nothing is late.
    const emittedMs = this.#isMoved ? this.watermarkMs : Number.NEGATIVE_INFINITY
    if (emittedMs - latenessMs >= alone!.endMs) this.counts.lateDropped++
    else {
      const touched = naiveSessions(this.taken, this.#setup).filter(
        (session) =>
          session.group === group &&
          Math.floor(session.startMs / maxMs) === Math.floor(timeMs / maxMs) &&
          timeMs > session.startMs - gapMs &&
          timeMs < lastOf(session, this.taken) + gapMs,
      )
      if (alone!.endMs <= emittedMs || touched.some(({ endMs }) => endMs <= emittedMs)) this.counts.lateApplied++
      else this.counts.onTime++
      this.taken.push(sample)
    }
    this.sessions.add(group, timeMs, value)
  }

  advance(byMs: number, nowByMs: number): void {
    this.watermarkMs += byMs
    this.#nowMs += nowByMs
    this.#isMoved = true
    this.sessions.advance(this.watermarkMs, this.#nowMs)
  }

  play(steps: readonly Step[], afterEach: (step: Step) => void = () => {}): void {
    for (const step of steps) {
      if (step.type === 'advance') this.advance(step.byMs, step.nowByMs)
      else this.sample(step.group, this.watermarkMs + step.aheadMs, step.value)
      afterEach(step)
    }
  }

  /** Moves the watermark past everything; no session is held after that. */
  finish(): void {
    const { gapMs, latenessMs } = this.#setup
    this.advance(200 + 2 * gapMs + latenessMs, 0)
    expect(this.sessions.store.items).toBe(0)
  }

  get over(): NaiveSession[] {
    return naiveSessions(this.taken, this.#setup).filter(({ endMs }) => endMs <= this.watermarkMs)
  }

  get open(): NaiveSession[] {
    return naiveSessions(this.taken, this.#setup).filter(({ endMs }) => endMs > this.watermarkMs)
  }
}

function lastOf({ group, startMs, endMs }: NaiveSession, samples: readonly NaiveSample[]): number {
  return Math.max(
    ...samples
      .filter((sample) => sample.group === group && sample.timeMs >= startMs && sample.timeMs < endMs)
      .map(({ timeMs }) => timeMs),
  )
}

describe('sessions equal the naive reference', () => {
  test('when all is final, however the rows were paced', () => {
    let retracted = 0
    fc.assert(
      fc.property(setupArbitrary, stepsArbitrary, (setup, steps) => {
        const run = new Run(setup)
        run.play(steps)
        run.finish()
        expect(byStart(shownRows(run.seen)).map(ofRow)).toEqual(run.over.map(ofNaive))
        const { onTime, lateApplied, lateDropped } = run.sessions.query
        expect({ onTime, lateApplied, lateDropped }).toEqual(run.counts)
        retracted += run.sessions.rows.filter((row) => row.retracted === true).length
      }),
      { numRuns: 400 },
    )
    expect(retracted).toBeGreaterThan(50)
  })

  test('at each watermark, when corrections are not held back', () => {
    let stale = 0
    fc.assert(
      fc.property(setupArbitrary, stepsArbitrary, (setup, steps) => {
        const run = new Run(setup)
        const unpaced = steps.map((step) => (step.type === 'advance' ? { ...step, nowByMs: 60_000 } : step))
        run.play(unpaced, (step) => {
          if (step.type !== 'advance') return
          const { open, over } = run
          const shown = shownRows(run.seen)
          expectDisjoint(shown)
          // Old rows of a session that is open again stay until it is due.
          const isStale = (row: WindowResult): boolean =>
            open.some(
              ({ group, startMs, endMs }) =>
                group === row.group['server'] && startMs <= row.startMs && row.endMs <= endMs,
            )
          stale += shown.filter(isStale).length
          expect(byStart(shown.filter((row) => !isStale(row))).map(ofRow)).toEqual(over.map(ofNaive))
        })
      }),
      { numRuns: 300 },
    )
    expect(stale).toBeGreaterThan(20)
  })

  test('with early rows, which at each period are all there is', () => {
    fc.assert(
      fc.property(setupArbitrary, stepsArbitrary, (setup, steps) => {
        const run = new Run({ ...setup, emit: { at: 'every', everyMs: 1_000 } })
        const unpaced = steps.map((step) => (step.type === 'advance' ? { ...step, nowByMs: 60_000 } : step))
        run.play(unpaced, (step) => {
          if (step.type !== 'advance') return
          const shown = byStart(shownRows(run.seen))
          expect(shown.map(ofRow)).toEqual(naiveSessions(run.taken, setup).map(ofNaive))
          for (const row of shown) expect(row.early === true).toBe(row.endMs > run.watermarkMs)
        })
      }),
      { numRuns: 200 },
    )
  })

  test('under EMIT FINAL, with one row a session and none taken back', () => {
    fc.assert(
      fc.property(setupArbitrary, stepsArbitrary, (setup, steps) => {
        const run = new Run({ ...setup, emit: { at: 'final' } })
        run.play(steps)
        run.finish()
        expect(byStart(run.sessions.rows).map(ofRow)).toEqual(run.over.map(ofNaive))
        expect(run.sessions.rows.every(({ lateApplied }) => lateApplied === 0)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  test('with HAVING, of the sessions for which it is true', () => {
    fc.assert(
      fc.property(setupArbitrary, stepsArbitrary, fc.integer({ min: -5, max: 15 }), (setup, steps, least) => {
        const having = { op: '>=', left: { op: 'column', name: 'sum' }, right: { op: 'number', value: least } } as const
        const run = new Run({ ...setup, having })
        run.play(steps)
        run.finish()
        const wanted = run.over.filter(({ sorted }) => sorted.reduce((sum, value) => sum + value, 0) >= least)
        expect(byStart(shownRows(run.seen)).map(ofRow)).toEqual(wanted.map(ofNaive))
      }),
      { numRuns: 200 },
    )
  })

  test('any order of arrival within the lateness gives the same rows', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 40, size: 'max' }),
        fc.infiniteStream(fc.nat(40)),
        (times, delays) => {
          const setup = { gapMs: 8, maxMs: 100, latenessMs: 60, baseMs: 0 }
          const run = new Run(setup)
          const arrivals = times.map((timeMs) => ({ timeMs, atMs: timeMs + delays.next().value }))
          for (const { timeMs, atMs } of arrivals.sort((a, b) => a.atMs - b.atMs)) {
            run.advance(Math.max(0, atMs - run.watermarkMs), 500)
            run.sample('a', timeMs, timeMs)
          }
          run.finish()
          const all = times.map((timeMs) => ({ group: 'a', timeMs, value: timeMs }))
          expect(run.counts.lateDropped).toBe(0)
          expect(byStart(shownRows(run.seen)).map(ofRow)).toEqual(naiveSessions(all, setup).map(ofNaive))
        },
      ),
      { numRuns: 200 },
    )
  })
})
