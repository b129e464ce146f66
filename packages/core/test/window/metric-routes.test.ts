import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collect, manualEngine, planOf, send, T0 } from '../engine/fixtures.ts'

const COUNT = [{ name: 'count', aggregate: { fn: 'count' } }] as const
const SERVERS = ['a', 'b', 'c', 'd']

test('a sample reaches exactly the queries that select its series, whoever comes and goes', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('sample' as const), server: fc.constantFrom(...SERVERS) }),
    fc.record({ kind: fc.constant('add' as const), servers: fc.subarray(SERVERS, { minLength: 1 }) }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat(9) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await using engine = manualEngine()
      engine.advanceTo(T0)
      const live: { name: string; servers: readonly string[]; expected: number }[] = []
      let names = 0
      for (const [i, one] of steps.entries()) {
        if (one.kind === 'add') {
          const name = `q${names++}`
          engine.addQuery(name, planOf({ servers: one.servers, columns: COUNT, sizeMs: 1_000 * (1 + (names % 3)) }))
          live.push({ name, servers: one.servers, expected: 0 })
        } else if (one.kind === 'remove') {
          const [gone] = live.splice(one.at, 1)
          if (gone !== undefined) engine.removeQuery(gone.name)
        } else {
          // Now and then from a series that nobody knew yet.
          send(engine, [{ server: one.server, kind: i % 3 === 0 ? 'distribution' : 'delta', timeMs: T0 + i, value: 1 }])
          for (const query of live) if (query.servers.includes(one.server)) query.expected++
        }
      }
      for (const { name, expected } of live) expect(engine.query(name)!.counters.matched).toBe(expected)
    }),
  )
})

test('a thousand queries on one server each cost a sample no more than the one that reads it', async () => {
  await using engine = manualEngine()
  engine.advanceTo(T0)
  for (let i = 0; i < 1_000; i++) engine.addQuery(`q${i}`, planOf({ servers: [`s${i}`], columns: COUNT }))
  const points = Array.from({ length: 1_000 }, (_, i) => ({ server: `s${i}`, timeMs: T0, value: 1 }))
  send(engine, points)
  const startMs = performance.now()
  for (let round = 1; round <= 20; round++)
    send(
      engine,
      points.map((point) => ({ ...point, timeMs: T0 + round })),
    )
  // 20,000 samples; asking every store for each would be 20,000,000 questions.
  expect(performance.now() - startMs).toBeLessThan(1_000)
  const rows = collect(engine.query('q999')!)
  engine.advanceTo(T0 + 20_000)
  expect(rows.map((row) => [row.count, row.seriesSeen])).toEqual([[21, 1]])
})
