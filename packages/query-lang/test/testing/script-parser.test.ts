import type { SeriesDescriptor } from '@windrow/core'
import { describe, expect, test } from 'vitest'
import type { Action, ScriptSample } from '../../src/testing/script.ts'
import { parseScript } from '../../src/testing/script-parser.ts'
import { printScriptTime, readScriptTime } from '../../src/testing/script-time.ts'

function actionOf(step: string): Action {
  const { cases, problems } = parseScript('a.wtest', `case c\n  ${step}\n`)
  expect(problems).toEqual([])
  return cases[0]!.steps[0]!.action
}

function loaded(step: string): { series: SeriesDescriptor; samples: readonly ScriptSample[] } {
  const action = actionOf(step)
  if (action.type !== 'load') throw new Error(`${step} is no load`)
  return action
}

const points = (step: string): (readonly [number, number])[] =>
  loaded(step).samples.map(({ timeMs, value }) => [timeMs, value] as const)

function problemsOf(text: string): string[] {
  return parseScript('a.wtest', text).problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

describe('values of a series', () => {
  test.each<[string, [number, number][]]>([
    [
      '1 2 3',
      [
        [0, 1],
        [1_000, 2],
        [2_000, 3],
      ],
    ],
    [
      '1 _ 3',
      [
        [0, 1],
        [2_000, 3],
      ],
    ],
    ['_x3 4', [[3_000, 4]]],
    [
      '7x3',
      [
        [0, 7],
        [1_000, 7],
        [2_000, 7],
      ],
    ],
    [
      '1+2x3 0',
      [
        [0, 1],
        [1_000, 3],
        [2_000, 5],
        [3_000, 0],
      ],
    ],
    [
      '1-2x3',
      [
        [0, 1],
        [1_000, -1],
        [2_000, -3],
      ],
    ],
    [
      '-1-2x2',
      [
        [0, -1],
        [1_000, -3],
      ],
    ],
    [
      '1e3 -1.5e-3 +2',
      [
        [0, 1_000],
        [1_000, -0.0015],
        [2_000, 2],
      ],
    ],
    [
      '1e+2x2',
      [
        [0, 100],
        [1_000, 100],
      ],
    ],
    [
      '0.5+0.25x3',
      [
        [0, 0.5],
        [1_000, 0.75],
        [2_000, 1],
      ],
    ],
    [
      'Inf -Inf NaN -0',
      [
        [0, Number.POSITIVE_INFINITY],
        [1_000, Number.NEGATIVE_INFINITY],
        [2_000, Number.NaN],
        [3_000, -0],
      ],
    ],
  ])('%s', (values, expected) => {
    expect(points(`load a m at 0s: ${values}`)).toEqual(expected)
  })

  test('a step and a start', () => {
    expect(points('load a m at -1s every 250ms: 1 2')).toEqual([
      [-1_000, 1],
      [-750, 2],
    ])
  })

  test('lines under the load each have a start of their own', () => {
    expect(points('load a m\n    5s: 1 2\n    0s every 2s: 3 4')).toEqual([
      [5_000, 1],
      [6_000, 2],
      [0, 3],
      [2_000, 4],
    ])
  })

  test('weights, gaps of the sender, and intervals', () => {
    expect(loaded('load a m delta interval 10s at 30s: 5*3 stale').samples).toEqual([
      { timeMs: 30_000, value: 5, weight: 3, stale: false, intervalStartMs: 20_000 },
      { timeMs: 31_000, value: 0, weight: 1, stale: true, intervalStartMs: 21_000 },
    ])
    expect(loaded('load a m counter since -1s at 30s: 5 6').samples).toEqual([
      { timeMs: 30_000, value: 5, weight: 1, stale: false, intervalStartMs: -1_000 },
      { timeMs: 31_000, value: 6, weight: 1, stale: false, intervalStartMs: -1_000 },
    ])
  })
})

test('a series says who it is', () => {
  expect(
    loaded('load web-1 rpc.latency distribution {http.route="/a b", "my label"="#1"} unit "ms" at 0s: 1').series,
  ).toEqual({
    server: 'web-1',
    metric: 'rpc.latency',
    kind: 'distribution',
    labels: [
      ['http.route', '/a b'],
      ['my label', '#1'],
    ],
    unit: 'ms',
  })
  expect(loaded('load _ m resource {service.name="shop"} at 0s: 1').series).toEqual({
    metric: 'm',
    resource: [['service.name', 'shop']],
  })
})

test('a send says what, from where and under which name', () => {
  const plain = {
    type: 'send',
    range: undefined,
    again: false,
    reversed: false,
    source: 'script',
    batchId: undefined,
    backlog: 0,
  }
  expect(actionOf('send')).toEqual(plain)
  expect(actionOf('send again as b1')).toEqual({ ...plain, again: true, batchId: 'b1' })
  expect(actionOf('send reversed [0s, 5s) from kafka:0 as "p 0" backlog=7')).toEqual({
    ...plain,
    range: { fromMs: 0, toMs: 5_000 },
    reversed: true,
    source: 'kafka:0',
    batchId: 'p 0',
    backlog: 7,
  })
})

test('what needs a storage', () => {
  const needs = (step: string): boolean => parseScript('a.wtest', `case c\n  ${step}`).cases[0]!.needsStorage
  expect(actionOf('settle')).toEqual({ type: 'settle' })
  expect(needs('settle')).toBe(true)
  expect(needs('expect error PLAN_INVALID: settle')).toBe(true)
  expect(needs('eval [0s, 5s): FROM * SELECT m\n    nothing')).toBe(true)
  expect(needs('advance 5s')).toBe(false)
})

test('a case can be without a storage, and settings are of the engine or its repairs', () => {
  const text = 'case c\n  engine storage=none lateness=5s repairEvery=7s maxWindowRows=9 maxStateBytes=10\n  advance 1s'
  expect(parseScript('a.wtest', text).cases[0]).toMatchObject({
    hasStorage: false,
    engineOptions: { latenessMs: 5_000, maxStateBytes: 10, repair: { everyMs: 7_000, maxWindowRows: 9 } },
  })
  expect(parseScript('a.wtest', 'case c\n  advance 1s').cases[0]).toMatchObject({ hasStorage: true, engineOptions: {} })
})

test('an engine is saved and goes on, with a gap or without', () => {
  expect(actionOf('snapshot')).toEqual({ type: 'snapshot' })
  expect(actionOf('restore')).toEqual({ type: 'restore', gapUntilMs: undefined })
  expect(actionOf('restore gapless')).toEqual({ type: 'restore', gapUntilMs: Number.NEGATIVE_INFINITY })
  expect(actionOf('restore gap=-1m30s')).toEqual({ type: 'restore', gapUntilMs: -90_000 })
})

test('late samples are expected by server, time and value', () => {
  const rows = [
    { server: 'web-1', timeMs: 4_000, value: -9.5 },
    { server: 'a b', timeMs: 0, value: Number.POSITIVE_INFINITY },
  ]
  expect(actionOf('expect late q\n    web-1 4s -9.5\n    "a b" 0s Inf')).toEqual({
    type: 'expect-late',
    name: 'q',
    rows,
  })
  expect(actionOf('expect late q nothing')).toEqual({ type: 'expect-late', name: 'q', rows: [] })
})

test('eval live is another word for expect', () => {
  const rows = '\n    [0s, 5s) avg=1 @version=2 @generation=3 @stale'
  expect(actionOf(`eval live q${rows}`)).toEqual(actionOf(`expect q${rows}`))
  expect(actionOf('eval live q nothing')).toEqual(actionOf('expect q nothing'))
})

test('every outcome of a sample is a fact', () => {
  const counters = 'matched=7 applied=1 lateApplied=1 toRepair=1 toSide=2 lateDropped=1 excluded=1'
  expect(actionOf(`expect counters q ${counters}`)).toMatchObject({ subject: 'counters', name: 'q' })
})

test('a query goes on over deeper lines, and its rows begin with a bracket', () => {
  const action = actionOf('eval [0s, 1m): FROM *\n      SELECT m\n      WINDOW 5s COMPUTE avg\n    [0s, 5s) avg=1~2%')
  expect(action).toMatchObject({
    type: 'eval',
    text: 'FROM *\nSELECT m\nWINDOW 5s COMPUTE avg',
    range: { fromMs: 0, toMs: 60_000 },
    rows: [{ line: 5, startMs: 0, endMs: 5_000 }],
  })
})

test('comments and blank lines say nothing, and a # inside a word or quotes is no comment', () => {
  const text = '# first\n\ncase c # the case\n\n  # a step\n  load "a # b" m#1 at 0s: 1 # one\n'
  expect(parseScript('a.wtest', text).problems).toEqual([
    { file: 'a.wtest', line: 6, column: 17, message: 'expected nothing more, not #1' },
  ])
  const { cases, problems } = parseScript('a.wtest', text.replace('m#1', 'm'))
  expect(problems).toEqual([])
  expect(cases[0]).toMatchObject({ name: 'c', line: 3, steps: [{ line: 6, action: { series: { server: 'a # b' } } }] })
})

describe('what is wrong is told with its place', () => {
  test.each<[string, string]>([
    ['', '1:1 the script holds no case'],
    ['load a m at 0s: 1', '1:1 a script is a list of: case NAME'],
    ['case', '1:5 expected the name of the case, not the end of the line'],
    ['case a', '1:7 the case has no steps; indent them'],
    ['case a\n  advance 1s\ncase a\n  advance 1s', '3:1 there is a case "a" already'],
    ['case a\n    advance 1s\n  advance 1s', '3:3 indented by 2, the lines before by 4'],
    ['case a\n\tadvance 1s', '2:1 a tab; scripts are written with spaces'],
    ['case a\n  jump 1s', '2:3 no step jump; there are load send advance query'],
    ['case a\n  advance 1', '2:11 expected a time, for example 10s or -1m30s, not 1'],
    ['case a\n  advance 1s 2s', '2:14 expected nothing more, not 2s'],
    ['case a\n  advance 1s\n    2s', '3:5 the line above takes no lines under it'],
    ['case a\n  load web m at 0s: 1 2q 3', '2:23 2q is no value, gap or ramp'],
    ['case a\n  load web m at 0s: 1+2', '2:21 how long is the ramp? Write 1+2x10 for ten values'],
    ['case a\n  load web m at 0s: 1x0', '2:21 a value is repeated 1 to 100000 times, not 0'],
    ['case a\n  load web m at 0s every 0s: 1', '2:26 a step is longer than nothing'],
    ['case a\n  load web m', '2:13 a load has samples: write at 0s: 1 2 3, or lines below'],
    ['case a\n  load web m {a="\\q"} at 0s: 1', '2:17 "\\q" holds an unknown escape'],
    ['case a\n  query q', '2:10 expected :, not the end of the line'],
    ['case a\n  query q:', '2:11 expected the text of a query'],
    ['case a\n  expect q', '2:11 expected rows under it, or: expect q nothing'],
    ['case a\n  expect q\n    [0s, 5s) avg', '3:14 expected column=value or @about, not avg'],
    ['case a\n  expect q\n    [0s, 5s)', '3:13 a row has all its columns: column=value'],
    ['case a\n  expect q\n    [5s, 5s) avg=1', '3:14 the end is not after the start'],
    ['case a\n  expect q\n    [0s, 5s) avg=1 avg=2', '3:20 avg stands twice'],
    ['case a\n  expect q\n    [0s, 5s) avg=1 @odd', '3:20 @odd says nothing about a row; there are @partial'],
    ['case a\n  expect q\n    [0s, 5s) avg=one', '3:18 expected a number, Inf or null, not one'],
    ['case a\n  expect counters q machted=1', '2:21 no fact machted of counters; there are matched applied'],
    ['case a\n  expect counters q', '2:20 expected fact=value'],
    ['case a\n  expect fail SYNTAX: FROM', '2:21 where? Write SYNTAX at LINE:COLUMN'],
    ['case a\n  expect error: drop q', '2:15 expected the code of an error, not : '],
    ['case a\n  eval: FROM', '2:9 expected rows, or nothing, under the query'],
    ['case a\n  engine latency=5s\n  advance 1s', '2:10 no setting latency; there are start dedup storage retention'],
    ['case a\n  engine dedup=none\n  advance 1s', '2:16 expected exact or last, not none'],
    ['case a\n  engine storage=disk\n  advance 1s', '2:18 expected none, not disk'],
    ['case a\n  engine maxDirtyWindows=5s\n  advance 1s', '2:26 expected a number, not 5s'],
    ['case a\n  restore gap', '2:14 expected =, not the end of the line'],
    ['case a\n  restore gapless now', '2:19 expected nothing more, not now'],
    ['case a\n  expect late q', '2:16 expected rows under it, or: expect late q nothing'],
    ['case a\n  expect late q\n    web-1 4s', '3:13 expected a value, not the end of the line'],
    ['case a\n  eval live q', '2:14 expected rows under it, or: expect q nothing'],
    ['case a\n  advance 1s\n  engine start=1s', '3:10 engine comes first in a case'],
  ])('%j', (text, problem) => {
    const [first, ...more] = problemsOf(text)
    expect(first).toContain(problem.trimEnd())
    expect(more).toEqual([])
  })

  test('all at once', () => {
    expect(problemsOf('case a\n  jump\n  advance 1s\n  leap\ncase b\n  hop').map((text) => text.slice(0, 15))).toEqual([
      '2:3 no step jum',
      '4:3 no step lea',
      '6:3 no step hop',
    ])
  })
})

test.each([0, 1, -1, 999, 1_000, 61_001, -90_000, 3_600_000, 86_400_000, -129_600_000])('the time %i ms', (ms) => {
  expect(readScriptTime(printScriptTime(ms))).toBe(ms)
})
