import type { ContractKit } from './kit.ts'
import { compareRows, exact, glob, onStage, type Row, selectorOf, servers } from './stage.ts'

const SERVERS = ['web-1', 'web-2', 'db-1']
const SELECTORS = [
  { selector: selectorOf(), hits: () => true },
  { selector: selectorOf({ from: servers(glob('web-*')) }), hits: (server: string) => server.startsWith('web') },
  { selector: selectorOf({ except: servers(exact('web-1')) }), hits: (server: string) => server !== 'web-1' },
] as const

/**
 * Law: after any run of writes, retries and deletions, a scan holds exactly what an array of all rows holds
 * when it is filtered, and its batches partition time.
 */
export function oracleContract({
  describe,
  expect,
  test,
  fc,
  create,
  propertyRuns,
  startMs,
  capabilities,
}: ContractKit): void {
  const stepMs = capabilities.resolutionMs
  const time = fc
    .oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 5000 }))
    .map((n) => startMs + n * stepMs)
  const sample = fc.record({
    server: fc.nat(SERVERS.length - 1),
    timeMs: time,
    value: fc.double(),
    weight: fc.option(fc.integer({ min: 2, max: 9 }), { freq: 5 }),
    state: fc.option(fc.array(fc.nat(255), { minLength: 1, maxLength: 5 }), { freq: 5 }),
  })
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('write' as const), samples: fc.array(sample, { maxLength: 60 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('retry' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), beforeMs: time }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('scan' as const),
        fromMs: time,
        toMs: time,
        selector: fc.nat(SELECTORS.length - 1),
      }),
    },
  )

  describe('against an array', () => {
    test('any run of writes, retries, deletions and scans', async () => {
      const run = fc.asyncProperty(fc.array(step, { maxLength: 25 }), (steps) =>
        onStage(create, async (stage) => {
          const refs = SERVERS.map((server) => stage.series({ server }))
          let stored: Row[] = []
          let last: { id: string; rows: Row[] } | undefined
          for (const action of steps) {
            if (action.kind === 'write') {
              const rows = action.samples.map(({ server, timeMs, value, weight, state }) => ({
                ref: refs[server]!,
                timeMs,
                value,
                ...(weight === null ? {} : { weight }),
                ...(state === null || !capabilities.storesStates ? {} : { state }),
              }))
              last = { id: stage.nextBatchId(), rows }
              await stage.write(rows, last.id)
              stored.push(...rows)
            } else if (action.kind === 'retry') {
              if (last !== undefined) await stage.write(last.rows, last.id)
            } else if (action.kind === 'delete') {
              await stage.adapter.deleteBefore(stage.tenant, action.beforeMs)
              stored = stored.filter((row) => row.timeMs >= action.beforeMs)
            } else {
              const { selector, hits } = SELECTORS[action.selector]!
              const { fromMs, toMs } = action
              const expected = stored.filter(
                (row) => row.timeMs >= fromMs && row.timeMs < toMs && hits(SERVERS[refs.indexOf(row.ref)]!),
              )
              expect(await stage.read({ selector, fromMs, toMs })).toEqual(expected.sort(compareRows))
            }
          }
          expect(await stage.read()).toEqual(stored.sort(compareRows))
          const times = stored.map((row) => row.timeMs)
          const { firstMs, lastMs } = await stage.adapter.catalog(stage.tenant)
          expect([firstMs, lastMs]).toEqual(
            times.length === 0 ? [null, null] : [Math.min(...times), Math.max(...times)],
          )
        }),
      )
      await fc.assert(run, { numRuns: propertyRuns })
    })
  })
}
