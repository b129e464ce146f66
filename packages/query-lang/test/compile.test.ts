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
  ])('%s', (window, canonical) => {
    expect(compileText(`from server(a) select m ${window} compute AVG since 1h`).text).toBe(
      `FROM a SELECT m ${canonical} COMPUTE avg`,
    )
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

  test('a counter is counted only', () => {
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
