import { describe, expect, test } from 'vitest'
import type { LabelMatcher, SeriesSelector } from '../../src/plan/query-plan.ts'
import type { Pattern } from '../../src/registry/pattern.ts'
import { compileSelector, literalServers } from '../../src/registry/selector.ts'

const ANY: Pattern = { kind: 'any' }
const exact = (value: string): Pattern => ({ kind: 'exact', value })
const glob = (text: string): Pattern => ({ kind: 'glob', glob: text })
const servers = (...patterns: Pattern[]) => patterns.map((pattern) => ({ dimension: 'server' as const, pattern }))

function selector(parts: Partial<SeriesSelector>): SeriesSelector {
  return { metric: 'cpu', from: servers(ANY), except: [], where: [], ...parts }
}

function series(server: string, labels: Record<string, string> = {}, metric = 'cpu') {
  return { metric, server, labels: Object.entries(labels) }
}

describe('compileSelector', () => {
  test('the metric must be equal, not alike', () => {
    const matches = compileSelector(selector({}))
    expect(matches(series('a'))).toBe(true)
    expect(matches(series('a', {}, 'cpu.idle'))).toBe(false)
    expect(matches(series('a', {}, 'CPU'))).toBe(false)
  })

  test('any FROM is enough, literal or glob; none written selects nothing', () => {
    const matches = compileSelector(selector({ from: servers(exact('db-1'), glob('web-*'), exact('db-2')) }))
    expect(['db-1', 'db-2', 'web-7', 'web-'].map((name) => matches(series(name)))).toEqual([true, true, true, true])
    expect(['db-3', 'xdb-1', 'aweb-1', ''].map((name) => matches(series(name)))).toEqual([false, false, false, false])
    expect(compileSelector(selector({ from: [] }))(series('db-1'))).toBe(false)
  })

  test('EXCEPT wins over FROM', () => {
    const matches = compileSelector(
      selector({ from: servers(glob('web-*'), exact('web-2')), except: servers(exact('web-2'), glob('*-canary')) }),
    )
    expect(matches(series('web-1'))).toBe(true)
    expect(matches(series('web-2'))).toBe(false)
    expect(matches(series('web-canary'))).toBe(false)
  })

  test('all of WHERE must hold', () => {
    const where: LabelMatcher[] = [
      { label: 'zone', op: 'equal', pattern: exact('eu') },
      { label: 'route', op: 'notEqual', pattern: glob('/health*') },
    ]
    const matches = compileSelector(selector({ where }))
    expect(matches(series('a', { zone: 'eu', route: '/cart' }))).toBe(true)
    expect(matches(series('a', { zone: 'eu', route: '/healthz' }))).toBe(false)
    expect(matches(series('a', { zone: 'us', route: '/cart' }))).toBe(false)
  })

  test.each<[string, LabelMatcher, { absent: boolean; empty: boolean; prod: boolean }]>([
    ['= prod', { label: 'l', op: 'equal', pattern: exact('prod') }, { absent: false, empty: false, prod: true }],
    ['= ""', { label: 'l', op: 'equal', pattern: exact('') }, { absent: true, empty: true, prod: false }],
    ['= *', { label: 'l', op: 'equal', pattern: ANY }, { absent: true, empty: true, prod: true }],
    ['!= prod', { label: 'l', op: 'notEqual', pattern: exact('prod') }, { absent: true, empty: true, prod: false }],
    ['!= ""', { label: 'l', op: 'notEqual', pattern: exact('') }, { absent: false, empty: false, prod: true }],
    [
      'IN ("", p*)',
      { label: 'l', op: 'in', patterns: [exact(''), glob('p*')] },
      { absent: true, empty: true, prod: true },
    ],
    ['IN (prod)', { label: 'l', op: 'in', patterns: [exact('prod')] }, { absent: false, empty: false, prod: true }],
    [
      'NOT IN (prod)',
      { label: 'l', op: 'notIn', patterns: [exact('prod')] },
      { absent: true, empty: true, prod: false },
    ],
    ['EXISTS', { label: 'l', op: 'exists' }, { absent: false, empty: true, prod: true }],
    ['NOT EXISTS', { label: 'l', op: 'notExists' }, { absent: true, empty: false, prod: false }],
  ])('an absent label reads as the empty string, but does not exist: %s', (_, matcher, expected) => {
    const matches = compileSelector(selector({ where: [matcher] }))
    expect({
      absent: matches(series('a')),
      empty: matches(series('a', { l: '' })),
      prod: matches(series('a', { l: 'prod' })),
    }).toEqual(expected)
  })

  test('labels named like members of Object are ordinary labels', () => {
    const where: LabelMatcher[] = [{ label: '__proto__', op: 'equal', pattern: exact('x') }]
    const matches = compileSelector(selector({ where }))
    expect(matches(series('a'))).toBe(false)
    expect(matches({ metric: 'cpu', server: 'a', labels: [['__proto__', 'x']] })).toBe(true)
    const exists = compileSelector(selector({ where: [{ label: 'constructor', op: 'exists' }] }))
    expect(exists(series('a'))).toBe(false)
  })
})

describe('literalServers', () => {
  test('names written literally, each once, in order', () => {
    const from = servers(exact('b'), glob('web-*'), exact('a'), ANY, exact('b'))
    expect(literalServers(selector({ from }))).toEqual(['b', 'a'])
  })

  test('EXCEPT does not count', () => {
    expect(literalServers(selector({ except: servers(exact('a')) }))).toEqual([])
  })
})
