import type { MetricKind, QueryPlan } from '@windrow/core'
import { WindrowError } from '@windrow/core'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Statement } from '../src/ast.ts'
import type { Catalog } from '../src/catalog.ts'
import { type CompileResult, check, compileStatement, compileText } from '../src/compile.ts'
import type { DIAGNOSTIC_CODES, DiagnosticCode } from '../src/diagnostics.ts'
import { parse } from '../src/parse.ts'
import { QueryError } from '../src/query-error.ts'

const DAY_MS = 86_400_000

function catalogOf(options: { kind?: MetricKind; assumed?: boolean; servers?: string[] }): Catalog {
  const metrics = new Map([
    ['cpu.utilization', { kind: options.kind ?? 'gauge', kindAssumed: options.assumed ?? false, unit: '1' }],
  ])
  return {
    metric: (name) => metrics.get(name),
    metricNames: () => metrics.keys(),
    serverNames: () => options.servers ?? ['web-01', 'web-02'],
  }
}

test('types tell what is there', () => {
  expectTypeOf(compileText).returns.toEqualTypeOf<QueryPlan>()
  expectTypeOf<NonNullable<CompileResult['plan']>>().toEqualTypeOf<QueryPlan>()
  expectTypeOf<Statement['type']>().toEqualTypeOf<'query' | 'declare-metric'>()
  expectTypeOf<DiagnosticCode>().toEqualTypeOf<keyof typeof DIAGNOSTIC_CODES>()
})

test('a whole plan', () => {
  const plan = compileText(
    `FROM web-*, "db 1" EXCEPT web-09 SELECT rpc.latency WHERE route != "/health" AND zone IN (a, b*) AND canary NOT EXISTS
     WINDOW 1m EVERY 10s OFFSET -5s COMPUTE avg AS mean, percentile(0, 50, 99.9), count
     GROUP BY node, "tier", http.route LATENESS 20s SINCE 2h UNTIL "2026-11-21T08:00:00Z"`,
  )
  expect(plan).toEqual({
    planVersion: 1,
    text: 'FROM web-*, "db 1" EXCEPT web-09 SELECT rpc.latency WHERE route != "/health" AND zone IN (a, b*) AND canary NOT EXISTS WINDOW 1m EVERY 10s OFFSET 5s COMPUTE avg AS mean, percentile(0, 50, 99.9), count GROUP BY server, "tier", http.route LATENESS 20s',
    selector: {
      metric: 'rpc.latency',
      from: [
        { dimension: 'server', pattern: { kind: 'glob', glob: 'web-*' } },
        { dimension: 'server', pattern: { kind: 'exact', value: 'db 1' } },
      ],
      except: [{ dimension: 'server', pattern: { kind: 'exact', value: 'web-09' } }],
      where: [
        { label: 'route', op: 'notEqual', pattern: { kind: 'exact', value: '/health' } },
        {
          label: 'zone',
          op: 'in',
          patterns: [
            { kind: 'exact', value: 'a' },
            { kind: 'glob', glob: 'b*' },
          ],
        },
        { label: 'canary', op: 'notExists' },
      ],
    },
    window: { type: 'fixed', sizeMs: 60_000, stepMs: 10_000, offsetMs: 5_000 },
    columns: [
      { name: 'mean', aggregate: { fn: 'avg' } },
      { name: 'percentile_0', aggregate: { fn: 'percentile', rank: { digits: 0, scale: 2 } } },
      { name: 'percentile_50', aggregate: { fn: 'percentile', rank: { digits: 50, scale: 2 } } },
      { name: 'percentile_99_9', aggregate: { fn: 'percentile', rank: { digits: 999, scale: 3 } } },
      { name: 'count', aggregate: { fn: 'count' } },
    ],
    groupBy: [
      { kind: 'topology', name: 'server' },
      { kind: 'label', name: 'tier' },
      { kind: 'label', name: 'http.route' },
    ],
    latenessMs: 20_000,
    range: {
      since: { kind: 'now', offsetMs: -7_200_000 },
      until: { kind: 'absolute', epochMs: Date.UTC(2026, 10, 21, 8) },
    },
  })
})

describe('windows', () => {
  test.each([
    ['10s', { type: 'fixed', sizeMs: 10_000, stepMs: 10_000, offsetMs: 0 }],
    ['1m OFFSET -1s', { type: 'fixed', sizeMs: 60_000, stepMs: 60_000, offsetMs: 59_000 }],
    ['1m OFFSET 61s', { type: 'fixed', sizeMs: 60_000, stepMs: 60_000, offsetMs: 1_000 }],
    ['1d', { type: 'fixed', sizeMs: DAY_MS, stepMs: DAY_MS, offsetMs: 0 }],
    ['7d', { type: 'fixed', sizeMs: 7 * DAY_MS, stepMs: 7 * DAY_MS, offsetMs: 0 }],
    ['1w', { type: 'fixed', sizeMs: 7 * DAY_MS, stepMs: 7 * DAY_MS, offsetMs: 4 * DAY_MS }],
    ['2w', { type: 'fixed', sizeMs: 14 * DAY_MS, stepMs: 14 * DAY_MS, offsetMs: 11 * DAY_MS }],
    ['2w EVERY 1w', { type: 'fixed', sizeMs: 14 * DAY_MS, stepMs: 7 * DAY_MS, offsetMs: 4 * DAY_MS }],
    ['1w EVERY 1d OFFSET 6h', { type: 'fixed', sizeMs: 7 * DAY_MS, stepMs: DAY_MS, offsetMs: DAY_MS / 4 }],
    ['1w OFFSET -1d', { type: 'fixed', sizeMs: 7 * DAY_MS, stepMs: 7 * DAY_MS, offsetMs: 3 * DAY_MS }],
  ])('WINDOW %s', (window, plan) => {
    expect(compileText(`FROM a SELECT m WINDOW ${window} COMPUTE avg`).window).toEqual(plan)
  })

  const calendar = { type: 'calendar', size: 1, step: 1, offsetMs: 0, timeZone: 'Europe/Berlin' } as const
  test.each([
    ['1d TZ "Europe/Berlin"', { ...calendar, unit: 'day' }],
    ["1w TZ 'europe/berlin'", { ...calendar, unit: 'week' }],
    ['1mo', { ...calendar, unit: 'month', timeZone: 'UTC' }],
    ['1y EVERY 3mo TZ "UTC"', { ...calendar, unit: 'month', size: 12, step: 3, timeZone: 'UTC' }],
    ['2w EVERY 1w TZ "Europe/Berlin"', { ...calendar, unit: 'week', size: 2 }],
    ['1w EVERY 1d TZ "Europe/Berlin"', { ...calendar, unit: 'day', size: 7 }],
    ['14d EVERY 1w TZ "Europe/Berlin"', { ...calendar, unit: 'week', size: 2 }],
    // Seven days that count from the epoch, a Thursday, not from a Monday.
    ['1w EVERY 7d TZ "Europe/Berlin"', { ...calendar, unit: 'day', size: 7, step: 7 }],
    // From Mondays, which are three days before the epoch.
    ['10d EVERY 1w TZ "Europe/Berlin"', { ...calendar, unit: 'day', size: 10, step: 7, offsetMs: -3 * DAY_MS }],
    ['1d OFFSET 6h TZ "Europe/Berlin"', { ...calendar, unit: 'day', offsetMs: DAY_MS / 4 }],
    ['1d OFFSET -6h TZ "Europe/Berlin"', { ...calendar, unit: 'day', offsetMs: -DAY_MS / 4 }],
    ['1w OFFSET 8d TZ "Europe/Berlin"', { ...calendar, unit: 'week', offsetMs: DAY_MS }],
    ['1mo OFFSET -1d TZ "Europe/Berlin"', { ...calendar, unit: 'month', offsetMs: -DAY_MS }],
    ['2mo OFFSET 53d TZ "Europe/Berlin"', { ...calendar, unit: 'month', size: 2, step: 2, offsetMs: 53 * DAY_MS }],
    // In UTC every day has 24 hours.
    ['1d TZ "Etc/UTC"', { type: 'fixed', sizeMs: DAY_MS, stepMs: DAY_MS, offsetMs: 0 }],
    ['1h TZ "GMT"', { type: 'fixed', sizeMs: 3_600_000, stepMs: 3_600_000, offsetMs: 0 }],
    // Older names are good too.
    ['1d TZ "Asia/Kolkata"', { ...calendar, unit: 'day', timeZone: 'Asia/Kolkata' }],
    ['1d TZ "Asia/Calcutta"', { ...calendar, unit: 'day', timeZone: 'Asia/Calcutta' }],
    ['SESSION GAP 5m', { type: 'session', gapMs: 300_000, maxMs: DAY_MS }],
    ['SESSION GAP 1d MAX 1w', { type: 'session', gapMs: DAY_MS, maxMs: 7 * DAY_MS }],
  ])('WINDOW %s', (window, plan) => {
    expect(compileText(`FROM a SELECT m WINDOW ${window} COMPUTE avg`).window).toEqual(plan)
  })

  test('a week begins on Monday', () => {
    const { window } = compileText('FROM a SELECT m WINDOW 1w COMPUTE avg')
    if (window.type !== 'fixed') throw new Error('not fixed')
    const { stepMs, offsetMs } = window
    const start = Math.floor((Date.UTC(2026, 10, 22) - offsetMs) / stepMs) * stepMs + offsetMs
    expect(new Date(start).toISOString()).toBe('2026-11-16T00:00:00.000Z')
    expect(new Date(start).getUTCDay()).toBe(1)
  })
})

describe('one text for equal queries', () => {
  test.each([
    ['WINDOW 10s EVERY 10s', 'WINDOW 10s'],
    ['WINDOW 60s OFFSET 60s', 'WINDOW 1m'],
    ['WINDOW 1m OFFSET -5s', 'WINDOW 1m OFFSET 55s'],
    ['WINDOW 1w EVERY 7d', 'WINDOW 1w EVERY 7d'],
    ['WINDOW 1d TZ "Zulu"', 'WINDOW 1d'],
    ['WINDOW 1mo OFFSET 1d TZ "utc"', 'WINDOW 1mo OFFSET 24h'],
    ['WINDOW 1d OFFSET 66h TZ "Europe/Berlin"', 'WINDOW 1d OFFSET -6h TZ "Europe/Berlin"'],
    ['WINDOW 1mo OFFSET -36h', 'WINDOW 1mo OFFSET -36h'],
    ['WINDOW 12mo EVERY 1y TZ "europe/berlin"', 'WINDOW 1y TZ "Europe/Berlin"'],
    ['WINDOW 10d EVERY 1w OFFSET -1d TZ "Europe/Berlin"', 'WINDOW 10d EVERY 1w OFFSET -24h TZ "Europe/Berlin"'],
    ['WINDOW SESSION GAP 300s MAX 24h', 'WINDOW SESSION GAP 5m'],
    ['WINDOW SESSION GAP 5m MAX 1h', 'WINDOW SESSION GAP 5m MAX 1h'],
  ])('%s', (window, canonical) => {
    expect(compileText(`from server(a) select m ${window} compute AVG since 1h`).text).toBe(
      `FROM a SELECT m ${canonical} COMPUTE avg`,
    )
  })
})

test('options that say nothing are not in the text', () => {
  const text = 'FROM a SELECT m WINDOW 5s COMPUTE avg'
  expect(compileText(`${text} FILL NONE EMIT ON END ORDER BY AVG ASC SINCE 1h`).text).toBe(`${text} ORDER BY avg`)
})

describe('options', () => {
  const planOf = (rest: string, select = 'm'): QueryPlan =>
    compileText(`FROM a SELECT ${select} WINDOW 10s COMPUTE avg, max AS Peak ${rest}`)

  test.each<[string, Partial<QueryPlan>]>([
    ['FILL NONE', {}],
    ['FILL NULL', { fill: { with: 'null' } }],
    ['FILL ZERO', { fill: { with: 'value', value: 0 } }],
    ['FILL -1.5', { fill: { with: 'value', value: -1.5 } }],
    ['FILL PREVIOUS', { fill: { with: 'previous', within: { windows: 5 } } }],
    ['FILL PREVIOUS WITHIN 1m', { fill: { with: 'previous', within: { ms: 60_000 } } }],
    ['LATENESS 1d', { latenessMs: DAY_MS }],
    ['LATENESS 20s THEN DROP', { latenessMs: 20_000, late: 'drop' }],
    ['LATENESS 20s THEN side', { latenessMs: 20_000, late: 'side' }],
    ['LATENESS 20s THEN REPAIR', { latenessMs: 20_000, late: 'repair' }],
    ['EMIT ON END', {}],
    ['EMIT FINAL', { emit: { at: 'final' } }],
    ['EMIT EVERY 1s', { emit: { at: 'every', everyMs: 1_000 } }],
    ['EMIT EVERY 9999ms', { emit: { at: 'every', everyMs: 9_999 } }],
    ['ORDER BY avg', { orderBy: { column: 'avg', descending: false } }],
    ['ORDER BY PEAK DESC LIMIT 3', { orderBy: { column: 'Peak', descending: true }, limit: 3 }],
    ['MIN SAMPLES 20', { minSamples: 20 }],
  ])('%s', (rest, parts) => {
    const { text: _, ...plan } = planOf(rest)
    const { text: __, ...bare } = planOf('')
    expect(plan).toEqual({ ...bare, ...parts })
  })

  test.each(['rate', 'increase'] as const)('%s is the reading of the plan', (reading) => {
    expect(planOf('', `${reading}(m)`)).toMatchObject({ reading, selector: { metric: 'm' } })
    expect(planOf('')).not.toHaveProperty('reading')
  })

  const avg = { op: 'column', name: 'avg' } as const
  const peak = { op: 'column', name: 'Peak' } as const
  const number = (value: number) => ({ op: 'number', value }) as const
  test.each<[string, QueryPlan['having']]>([
    ['avg > 3', { op: '>', left: avg, right: number(3) }],
    ['AVG = peak', { op: '=', left: avg, right: peak }],
    ['avg < -3', { op: '<', left: avg, right: number(-3) }],
    ['-avg >= 12.5%', { op: '>=', left: { op: 'negate', of: avg }, right: number(0.125) }],
    [
      'avg - 1 - 2 * peak != 0',
      {
        op: '!=',
        left: {
          op: '-',
          left: { op: '-', left: avg, right: number(1) },
          right: { op: '*', left: number(2), right: peak },
        },
        right: number(0),
      },
    ],
    [
      'avg BETWEEN 1 AND peak',
      {
        op: 'and',
        left: { op: '>=', left: avg, right: number(1) },
        right: { op: '<=', left: avg, right: peak },
      },
    ],
    [
      'avg IS NULL OR NOT peak IS NOT NULL AND avg <= 2',
      {
        op: 'or',
        left: { op: 'isNull', of: avg },
        right: {
          op: 'and',
          left: { op: 'not', of: { op: 'isNotNull', of: peak } },
          right: { op: '<=', left: avg, right: number(2) },
        },
      },
    ],
  ])('HAVING %s', (condition, having) => {
    expect(planOf(`HAVING ${condition}`).having).toEqual(having)
  })
})

describe('with a catalog', () => {
  const text = 'FROM web-01 SELECT cpu.utilization WINDOW 5s COMPUTE count, sum'

  test('sum of a gauge is an error once declared and a warning while assumed', () => {
    expect(check(text, { catalog: catalogOf({}) })).toMatchObject([
      { code: 'KIND_MISMATCH', severity: 'error', start: text.indexOf('sum') },
    ])
    const assumed = catalogOf({ assumed: true })
    expect(check(text, { catalog: assumed })).toMatchObject([{ code: 'KIND_MISMATCH', severity: 'warning' }])
    expect(compileText(text, { catalog: assumed }).columns).toHaveLength(2)
    expect(check(text, { catalog: catalogOf({ kind: 'delta' }) })).toEqual([])
  })

  test.each(['rate', 'increase'])('%s is of counters and deltas', (reading) => {
    const read = text.replace('cpu.utilization', `${reading}(cpu.utilization)`).replace('count, sum', 'sum, max, count')
    for (const kind of ['counter', 'delta'] as const) expect(check(read, { catalog: catalogOf({ kind }) })).toEqual([])
    for (const kind of ['gauge', 'distribution'] as const)
      for (const assumed of [false, true]) {
        const [problem, ...more] = check(read, { catalog: catalogOf({ kind, assumed }) })
        expect(problem).toMatchObject({ code: 'KIND_MISMATCH', severity: 'error', start: read.indexOf(reading) })
        expect(problem?.end).toBe(read.indexOf(reading) + reading.length)
        expect(more).toEqual([])
      }
  })

  test('a counter is counted only, and rate and increase are proposed', () => {
    const [problem] = check(text, { catalog: catalogOf({ kind: 'counter' }) })
    expect(problem?.hint).toContain('SELECT increase(m)')
    expect(problem?.hint).toContain('SELECT rate(m)')
    expect(check(text.replace('sum', 'avg'), { catalog: catalogOf({ kind: 'counter', assumed: true }) })).toMatchObject(
      [{ code: 'KIND_MISMATCH', severity: 'error' }],
    )
  })

  test('unknown names are no errors, and near ones are proposed', () => {
    const catalog = catalogOf({})
    expect(
      check('FROM web-03, db, "WEB-01", web-* SELECT cpu.utilisation WINDOW 5s COMPUTE avg', { catalog }),
    ).toMatchObject([
      { code: 'UNMATCHED_SERVER', severity: 'warning', start: 5, hint: 'did you mean web-01?' },
      { code: 'UNMATCHED_SERVER', severity: 'info', start: 13 },
      { code: 'UNMATCHED_SERVER', severity: 'warning', start: 17, hint: 'did you mean web-01?' },
      { code: 'UNMATCHED_METRIC', severity: 'warning', hint: 'did you mean cpu.utilization?' },
    ])
    expect(compileText('FROM nothing SELECT nowhere WINDOW 5s COMPUTE sum', { catalog }).columns).toHaveLength(1)
  })

  test('names are read only when one is unknown', () => {
    const { metric } = catalogOf({})
    const refuse = (): never => {
      throw new Error('read')
    }
    const catalog = { metric, metricNames: refuse, serverNames: refuse }
    expect(check('FROM web-* SELECT cpu.utilization WINDOW 5s COMPUTE avg', { catalog })).toEqual([])
  })
})

test('a declaration', () => {
  const { statements } = parse('DECLARE METRIC rpc.count UNIT "1" KIND delta; DECLARE METRIC x KIND GAUGE')
  expect(statements.map((statement) => compileStatement(statement))).toEqual([
    {
      compiled: { type: 'declare-metric', metric: 'rpc.count', declaration: { kind: 'delta', unit: '1' } },
      diagnostics: [],
    },
    { compiled: { type: 'declare-metric', metric: 'x', declaration: { kind: 'gauge' } }, diagnostics: [] },
  ])
  const [counter, wrong] = parse(
    'DECLARE METRIC c FIRST ZERO KIND COUNTER; DECLARE METRIC g KIND GAUGE FIRST ZERO',
  ).statements
  expect(counter && compileStatement(counter).compiled).toMatchObject({
    declaration: { kind: 'counter', first: 'zero' },
  })
  expect(wrong && compileStatement(wrong)).toMatchObject({ diagnostics: [{ code: 'FIRST_NEEDS_COUNTER' }] })
  expect(wrong && compileStatement(wrong)).not.toHaveProperty('compiled')
})

describe('compileText throws a QueryError', () => {
  const thrown = (text: string): QueryError => {
    try {
      compileText(text)
    } catch (error) {
      if (error instanceof QueryError) return error
      throw error
    }
    throw new Error('nothing was thrown')
  }

  test('with every problem', () => {
    const error = thrown('FROM tier(a), b SELECT a, b WINDOW 5s COMPUTE p99')
    expect(error).toBeInstanceOf(WindrowError)
    expect(error.code).toBe('QUERY_INVALID')
    expect(error.message).toMatch(/^1:6: .* \(and 2 more\)$/)
    expect(error.diagnostics.map(({ code }) => code)).toEqual(['NOT_AVAILABLE', 'SEVERAL_METRICS', 'UNKNOWN_FUNCTION'])
  })

  test.each([
    ['', 0],
    ['DECLARE METRIC m KIND GAUGE', 0],
    ['FROM a SELECT m WINDOW 5s COMPUTE avg; FROM b SELECT m WINDOW 5s COMPUTE avg', 39],
  ])('when the text is not one query: %s', (text, start) => {
    expect(thrown(text).diagnostics).toMatchObject([{ code: 'NOT_ONE_QUERY', start }])
  })
})
