import { compileText } from '@windrow/query-lang'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { replayQueryText } from '../../src/input/replay-hint.ts'

const FIRST_MS = Date.UTC(2024, 2, 1)

test('the text is a query for exactly that series and time, whatever the names are', () => {
  const name = fc.oneof(
    fc.string({ minLength: 1, maxLength: 20 }),
    fc.constantFrom('select', 'WHERE', 'in', 'a--', 'a.', '-a', '5xx', 'a b', 'x*', '[ab]', '/re/', 'say "hi"', '\\'),
  )
  fc.assert(
    fc.property(name, name, fc.integer({ min: 0, max: 1e10 }), (server, metric, spanMs) => {
      const plan = compileText(
        replayQueryText({ server, metric, rows: 100, firstMs: FIRST_MS, lastMs: FIRST_MS + spanMs }),
      )
      expect(plan.selector.metric).toBe(metric)
      expect(plan.selector.from).toEqual([{ dimension: 'server', pattern: { kind: 'exact', value: server } }])
      expect(plan.range).toEqual({
        since: { kind: 'absolute', epochMs: FIRST_MS },
        until: { kind: 'absolute', epochMs: FIRST_MS + spanMs + 1 },
      })
    }),
  )
})

test.each([
  [1000, '10s'],
  [60_000, '15m'],
  [300_000, '1h'],
  [86_400_000, '24h'],
])('a row each %i ms asks for windows of %s', (intervalMs, window) => {
  const text = replayQueryText({
    server: 'replay',
    metric: 'x',
    rows: 11,
    firstMs: FIRST_MS,
    lastMs: FIRST_MS + 10 * intervalMs,
  })
  expect(text).toContain(` WINDOW ${window} `)
})

test('a long series asks for few windows', () => {
  const text = replayQueryText({
    server: 'replay',
    metric: 'x',
    rows: 1_000_001,
    firstMs: FIRST_MS,
    lastMs: FIRST_MS + 1e9,
  })
  expect(text).toContain(' WINDOW 1h ')
})
