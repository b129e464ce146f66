import { describe, expect, test } from 'vitest'
import { parse } from '../src/parse.ts'
import { print } from '../src/print.ts'
import { withoutSpans } from './marked-text.ts'

/** Text and its canonical form; the same text again where only one is given. */
const RIGHT: readonly (readonly [text: string, canonical?: string])[] = [
  // The line the project is about.
  ['FROM web-01, web-02 SELECT cpu.utilization WINDOW 10s COMPUTE min, max, avg, percentile(99)'],
  // Sources.
  ['FROM * SELECT m WINDOW 5s COMPUTE avg'],
  ['FROM web-*, *-canary, db-?, eu-[0-9][!a-c], {web,api}-{1,2*} SELECT m WINDOW 5s COMPUTE avg'],
  ['FROM {a,{b,c[,}]}} SELECT m WINDOW 5s COMPUTE avg'],
  ['FROM server(web-01) SELECT m WINDOW 5s COMPUTE avg', 'FROM web-01 SELECT m WINDOW 5s COMPUTE avg'],
  ['FROM node(a, b-*), c SELECT m WINDOW 5s COMPUTE avg', 'FROM a, b-*, c SELECT m WINDOW 5s COMPUTE avg'],
  ['FROM server SELECT m WINDOW 5s COMPUTE avg'],
  [
    'FROM * EXCEPT server(canary-*), b SELECT m WINDOW 5s COMPUTE avg',
    'FROM * EXCEPT canary-*, b SELECT m WINDOW 5s COMPUTE avg',
  ],
  ['FROM "web 01", \'x*\' SELECT m WINDOW 5s COMPUTE avg', 'FROM "web 01", "x*" SELECT m WINDOW 5s COMPUTE avg'],
  ['FROM "web-01" SELECT m WINDOW 5s COMPUTE avg', 'FROM web-01 SELECT m WINDOW 5s COMPUTE avg'],
  ['FROM "select", "In" SELECT m WINDOW 5s COMPUTE avg'],
  ['FROM from, compute, group SELECT m WINDOW 5s COMPUTE avg'],
  ['FROM select-1, where.x, window:2 SELECT m WINDOW 5s COMPUTE avg'],
  ['FROM 10.0.0.1, ::1, a--b, a-.b, *-*, x-[-] SELECT m WINDOW 5s COMPUTE avg'],
  [
    'FROM "\\"\\\\\\n\\t\\u00e9\\u200b" SELECT m WINDOW 5s COMPUTE avg',
    'FROM "\\"\\\\\\n\\té\\u200b" SELECT m WINDOW 5s COMPUTE avg',
  ],
  ["FROM 'it\\'s' SELECT m WINDOW 5s COMPUTE avg", 'FROM "it\'s" SELECT m WINDOW 5s COMPUTE avg'],
  // SELECT.
  ['FROM a SELECT "cpu utilization" WINDOW 5s COMPUTE avg'],
  ['FROM a SELECT "a*b" WINDOW 5s COMPUTE avg'],
  ['FROM a SELECT 5xx.count WINDOW 5s COMPUTE count'],
  ['FROM a SELECT rate(m) WINDOW 5s COMPUTE avg'],
  [
    'FROM a SELECT Increase ( "http requests" ) WINDOW 5s COMPUTE avg',
    'FROM a SELECT increase("http requests") WINDOW 5s COMPUTE avg',
  ],
  ['FROM a SELECT rate WINDOW 5s COMPUTE avg'],
  ['FROM a SELECT "rate" WINDOW 5s COMPUTE avg', 'FROM a SELECT rate WINDOW 5s COMPUTE avg'],
  ['FROM a SELECT rate(rate) WINDOW 5s COMPUTE avg'],
  // WHERE.
  ['FROM a SELECT m WHERE http.route != "/health" WINDOW 5s COMPUTE avg'],
  ['FROM a SELECT m WHERE x = 1 AND y = 2* AND z != "" WINDOW 5s COMPUTE avg'],
  ['FROM a SELECT m WHERE x IN (a, b*, "c d") AND y NOT IN (1) WINDOW 5s COMPUTE avg'],
  ['FROM a SELECT m WHERE "my label" EXISTS AND y NOT EXISTS WINDOW 5s COMPUTE avg'],
  [
    'FROM a SELECT m where a=b and c!=d window 5s compute avg',
    'FROM a SELECT m WHERE a = b AND c != d WINDOW 5s COMPUTE avg',
  ],
  // WINDOW.
  ['FROM a SELECT m WINDOW 90s COMPUTE avg', 'FROM a SELECT m WINDOW 1m30s COMPUTE avg'],
  ['FROM a SELECT m WINDOW 1h30m COMPUTE avg'],
  ['FROM a SELECT m WINDOW 24h COMPUTE avg'],
  ['FROM a SELECT m WINDOW 1d COMPUTE avg'],
  ['FROM a SELECT m WINDOW 1w COMPUTE avg'],
  ['FROM a SELECT m WINDOW 14d COMPUTE avg'],
  ['FROM a SELECT m WINDOW 1w1d COMPUTE avg', 'FROM a SELECT m WINDOW 8d COMPUTE avg'],
  ['FROM a SELECT m WINDOW 1500ms COMPUTE avg', 'FROM a SELECT m WINDOW 1s500ms COMPUTE avg'],
  ['FROM a SELECT m WINDOW 1m EVERY 10s OFFSET -5s COMPUTE avg'],
  ['FROM a SELECT m WINDOW 1m OFFSET +5s COMPUTE avg', 'FROM a SELECT m WINDOW 1m OFFSET 5s COMPUTE avg'],
  ['FROM a SELECT m WINDOW 1mo COMPUTE avg'],
  ['FROM a SELECT m WINDOW 18mo EVERY 12mo COMPUTE avg', 'FROM a SELECT m WINDOW 1y6mo EVERY 1y COMPUTE avg'],
  ['FROM a SELECT m WINDOW 1d OFFSET 6h TZ "Europe/Berlin" COMPUTE avg'],
  [
    "from a select m window 1d tz 'europe/berlin' compute avg",
    'FROM a SELECT m WINDOW 1d TZ "europe/berlin" COMPUTE avg',
  ],
  ['FROM a SELECT m WINDOW SESSION GAP 5m COMPUTE avg'],
  [
    'from a select m window session gap 300s max 24h compute avg',
    'FROM a SELECT m WINDOW SESSION GAP 5m MAX 24h COMPUTE avg',
  ],
  // COMPUTE.
  [
    'FROM a SELECT m WINDOW 5s COMPUTE AVG, Count AS data, MAX as Peak',
    'FROM a SELECT m WINDOW 5s COMPUTE avg, count AS data, max AS Peak',
  ],
  ['FROM a SELECT m WINDOW 5s COMPUTE count()', 'FROM a SELECT m WINDOW 5s COMPUTE count'],
  [
    'FROM a SELECT m WINDOW 5s COMPUTE percentile(50, 95, 99.90)',
    'FROM a SELECT m WINDOW 5s COMPUTE percentile(50, 95, 99.9)',
  ],
  [
    'FROM a SELECT m WINDOW 5s COMPUTE percentile(99.0, 1e1, 5E-1, 0100)',
    'FROM a SELECT m WINDOW 5s COMPUTE percentile(99, 10, 0.5, 100)',
  ],
  ['FROM a SELECT m WINDOW 5s COMPUTE avg AS every, min AS kind, max AS now, sum AS metrics'],
  // Options, in any order.
  ['FROM a SELECT m WINDOW 5s COMPUTE avg GROUP BY server, zone_id, http.route, "tier", select.from'],
  [
    'FROM a SELECT m WINDOW 5s COMPUTE avg GROUP BY node, "server"',
    'FROM a SELECT m WINDOW 5s COMPUTE avg GROUP BY server, "server"',
  ],
  [
    'FROM a SELECT m WINDOW 5s COMPUTE avg LATENESS 20s GROUP BY "x"',
    'FROM a SELECT m WINDOW 5s COMPUTE avg GROUP BY x LATENESS 20s',
  ],
  ['FROM a SELECT m WINDOW 5s COMPUTE avg SINCE 1h', 'FROM a SELECT m WINDOW 5s COMPUTE avg SINCE NOW - 1h'],
  [
    'FROM a SELECT m WINDOW 5s COMPUTE avg SINCE now-2h UNTIL NOW',
    'FROM a SELECT m WINDOW 5s COMPUTE avg SINCE NOW - 2h UNTIL NOW',
  ],
  [
    'FROM a SELECT m WINDOW 5s COMPUTE avg SINCE NOW + 5m UNTIL NOW + 10m LATENESS 1s',
    'FROM a SELECT m WINDOW 5s COMPUTE avg LATENESS 1s SINCE NOW + 5m UNTIL NOW + 10m',
  ],
  [
    'FROM a SELECT m WINDOW 5s COMPUTE avg SINCE "2026-11-21T09:00+01:00" UNTIL "2026-11-21 08:00:00.25Z"',
    'FROM a SELECT m WINDOW 5s COMPUTE avg SINCE "2026-11-21T08:00:00.000Z" UNTIL "2026-11-21T08:00:00.250Z"',
  ],
  [
    'FROM a SELECT m WINDOW 5s COMPUTE avg EMIT FINAL LIMIT 3 LATENESS 1s ORDER BY avg FILL 0 MIN SAMPLES 2 HAVING avg > 1 GROUP BY x SINCE 1h',
    'FROM a SELECT m WINDOW 5s COMPUTE avg GROUP BY x HAVING avg > 1 MIN SAMPLES 2 FILL ZERO ORDER BY avg LIMIT 3 LATENESS 1s EMIT FINAL SINCE NOW - 1h',
  ],
  ...['FILL NONE', 'FILL NULL', 'FILL ZERO', 'FILL -1.5', 'FILL PREVIOUS', 'FILL PREVIOUS WITHIN 5m'].map(
    (fill) => [`FROM a SELECT m WINDOW 5s COMPUTE avg ${fill}`] as const,
  ),
  ['FROM a SELECT m WINDOW 5s COMPUTE avg FILL -0.0', 'FROM a SELECT m WINDOW 5s COMPUTE avg FILL ZERO'],
  ...['LATENESS 20s THEN DROP', 'LATENESS 1d THEN SIDE', 'LATENESS 5s THEN REPAIR'].map(
    (lateness) => [`FROM a SELECT m WINDOW 5s COMPUTE avg ${lateness}`] as const,
  ),
  ...['EMIT ON END', 'EMIT FINAL', 'EMIT EVERY 1s'].map(
    (emit) => [`FROM a SELECT m WINDOW 5s COMPUTE avg ${emit}`] as const,
  ),
  [
    'FROM a SELECT m WINDOW 5s COMPUTE min, max AS min_samples ORDER BY Min ASC MIN SAMPLES 1e1',
    'FROM a SELECT m WINDOW 5s COMPUTE min, max AS min_samples MIN SAMPLES 10 ORDER BY min',
  ],
  ['FROM a SELECT m WINDOW 5s COMPUTE count AS limits ORDER BY limits DESC LIMIT 1'],
  // Expressions: brackets only where the tree needs them.
  ...(
    [
      ['avg > 3'],
      ['(((avg))) > (3)', 'avg > 3'],
      ['avg + min * 2 - 1 > -3'],
      ['(avg + min) * 2 - (1 - avg) > -(-3)'],
      ['((avg + min) - 2) - 1 > 0', 'avg + min - 2 - 1 > 0'],
      ['avg + (min + 2) > 0', 'avg + (min + 2) > 0'],
      ['(avg / min) / 2 = avg / (min / 2)', 'avg / min / 2 = avg / (min / 2)'],
      ['-(avg + 1) * 2 < -avg / 3', '-(avg + 1) * 2 < -avg / 3'],
      ['avg - -1 > 0'],
      ['avg > 90% AND min < 12.50%', 'avg > 0.9 AND min < 0.125'],
      ['avg > 1e2% AND min != 100%', 'avg > 1 AND min != 1'],
      ['(avg > 1 AND min > 2) OR max > 3', 'avg > 1 AND min > 2 OR max > 3'],
      ['avg > 1 AND (min > 2 OR max > 3)'],
      ['(avg > 1 OR min > 2) OR max > 3 OR count > 4', 'avg > 1 OR min > 2 OR max > 3 OR count > 4'],
      ['avg > 1 OR (min > 2 OR max > 3)'],
      ['NOT avg > 3 AND NOT (min > 2 OR max > 1)'],
      ['not (Not avg > 3)', 'NOT (NOT avg > 3)'],
      [
        'avg BETWEEN min AND max + 1 AND count between 1 and 10',
        'avg BETWEEN min AND max + 1 AND count BETWEEN 1 AND 10',
      ],
      ['avg IS NULL OR min + 1 is not null', 'avg IS NULL OR min + 1 IS NOT NULL'],
      ['AVG >= 1 AND Min <= 2', 'avg >= 1 AND min <= 2'],
      [
        'avg > 2 * Other.Column_1 AND drop.null.x IS NULL'.replace('.x', ''),
        'avg > 2 * Other.Column_1 AND drop.null IS NULL',
      ],
      ['previous > 1 AND baseline = 2 AND end < 3 AND tz > 4 AND first > 5'],
    ] as const
  ).map(([condition, canonical = condition]) => {
    const query = 'FROM a SELECT m WINDOW 5s COMPUTE avg HAVING '
    return [`${query}${condition}`, `${query}${canonical}`] as const
  }),
  // Comments and space.
  ['FROM a-- note\nSELECT m /* x ; y */ WINDOW 5s\tCOMPUTE avg -- end', 'FROM a SELECT m WINDOW 5s COMPUTE avg'],
  // Declarations.
  ['DECLARE METRIC rpc.count KIND DELTA UNIT "1"'],
  ['declare metric "select" unit "By" kind Gauge', 'DECLARE METRIC "select" KIND GAUGE UNIT "By"'],
  ['DECLARE METRIC select-x KIND COUNTER'],
  ['DECLARE METRIC a UNIT ""'],
  ['DECLARE METRIC a FIRST AUTO'],
  ['declare metric a first zero kind counter unit "1"', 'DECLARE METRIC a KIND COUNTER UNIT "1" FIRST ZERO'],
]

describe('right text', () => {
  test.each(RIGHT.map(([text, canonical = text]) => [text, canonical] as const))('%s', (text, canonical) => {
    const { statements, diagnostics } = parse(text)
    expect(diagnostics).toEqual([])
    expect(statements.map(print)).toEqual([canonical])
    expect(withoutSpans(parse(canonical).statements)).toEqual(withoutSpans(statements))
  })
})

test('statements are split at semicolons, empty ones are none', () => {
  const query = 'FROM a SELECT m WINDOW 5s COMPUTE avg'
  const { statements, diagnostics } = parse(`;; ${query}; ;DECLARE METRIC x KIND GAUGE;\n${query};`)
  expect(diagnostics).toEqual([])
  expect(statements.map((statement) => statement.type)).toEqual(['query', 'declare-metric', 'query'])
  expect(parse('').statements).toEqual([])
  expect(parse(' -- nothing\n').diagnostics).toEqual([])
})

test('every node says where it stands', () => {
  const text = 'FROM a,\r\n  web-* SELECT m\n  WINDOW 10s COMPUTE percentile(50, 99.9)'
  const [query] = parse(text).statements
  if (query?.type !== 'query') throw new Error('not a query')
  const shown = (span: { start: number; end: number; line: number; column: number }): unknown[] => [
    text.slice(span.start, span.end),
    span.line,
    span.column,
  ]
  expect(shown(query.from.sources[1]?.span as never)).toEqual(['web-*', 2, 3])
  expect(shown(query.window.span)).toEqual(['WINDOW 10s', 3, 3])
  expect(query.window.type === 'window' && shown(query.window.size.span)).toEqual(['10s', 3, 10])
  expect(shown(query.compute.columns[0]?.call.args[1]?.span as never)).toEqual(['99.9', 3, 37])
  expect(shown(query.span)).toEqual([text, 1, 1])
})

test('an expression says where it stands, brackets included', () => {
  const text = 'FROM a SELECT m WINDOW 5s COMPUTE avg HAVING NOT (avg + 1) * -2 IS NULL OR avg > 5'
  const [query] = parse(text).statements
  const condition = query?.type === 'query' ? query.having?.condition : undefined
  const shown: string[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('type' in node && 'span' in node) {
      const { start, end } = node.span as { start: number; end: number }
      shown.push(text.slice(start, end))
    }
    for (const [key, part] of Object.entries(node)) if (key !== 'span') visit(part)
  }
  visit(condition)
  expect(shown).toEqual([
    'NOT (avg + 1) * -2 IS NULL OR avg > 5',
    'NOT (avg + 1) * -2 IS NULL',
    '(avg + 1) * -2 IS NULL',
    '(avg + 1) * -2',
    '(avg + 1)',
    'avg',
    '1',
    '-2',
    '2',
    'avg > 5',
    'avg',
    '5',
  ])
})

test('with recovery a broken statement is kept as far as it was understood', () => {
  const text = 'FROM a SELECT m WINDOW 5s COMPUTE avg, GROUP BY x; FROM tier(b), c SELECT m WINDOW 5s COMPUTE avg'
  expect(parse(text).statements).toEqual([])
  const { statements, diagnostics } = parse(text, { recovery: true })
  expect(diagnostics.length).toBeGreaterThan(1)
  expect(statements.map(print).at(-1)).toBe('FROM c SELECT m WINDOW 5s COMPUTE avg')
})
