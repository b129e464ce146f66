import type { ContractKit } from './kit.ts'
import { record } from './stage.ts'

export function resultsContract({ describe, expect, scenario, scenarioIf, capabilities }: ContractKit): void {
  const replaces = capabilities.replacesResults

  describe('results', () => {
    scenario('every field of a row comes back', async (stage) => {
      const row = stage.result({
        startMs: 1000,
        endMs: 2000,
        group: record({ server: 'web-1', zone: null }),
        values: record({
          avg: 1.25,
          max: Number.POSITIVE_INFINITY,
          min: Number.NEGATIVE_INFINITY,
          percentile_99: null,
        }),
        count: 17,
        seriesSeen: 2,
        seriesExpected: null,
        completeness: null,
        revision: 65_537,
        partial: true,
        early: true,
        lateApplied: 3,
        quality: {
          infinite: true,
          columns: { percentile_99: { sketch: 'exponential', relativeError: 0.01, scale: 5 } },
        },
        source: 'backfill',
      })
      await stage.adapter.writeResults([row])
      expect(await stage.results()).toEqual([row])
    })

    scenario('rows come by start, and the groups of each window in one and the same order', async (stage) => {
      const servers = ['b', 'a', 'é', '']
      const rows = [30, 10, 20].flatMap((startMs) =>
        servers.map((server) => stage.result({ startMs, group: record({ server }) })),
      )
      await stage.adapter.writeResults(rows)
      const read = await stage.results()
      expect(read.map((row) => row.startMs)).toEqual([10, 20, 30].flatMap((startMs) => servers.map(() => startMs)))
      const groups = [0, 4, 8].map((at) => read.slice(at, at + 4).map((row) => row.group['server']))
      expect(groups[1]).toEqual(groups[0])
      expect(groups[2]).toEqual(groups[0])
      expect([...groups[0]!].sort()).toEqual([...servers].sort())
    })

    scenario('a range goes by the start of windows and is half-open', async (stage) => {
      await stage.adapter.writeResults([-10, 0, 10, 20].map((startMs) => stage.result({ startMs })))
      const starts = async (fromMs: number, toMs: number): Promise<number[]> =>
        (await stage.results({ fromMs, toMs })).map((row) => row.startMs)
      expect(await starts(0, 20)).toEqual([0, 10])
      expect(await starts(-10, 1)).toEqual([-10, 0])
      expect(await starts(1, 10)).toEqual([])
    })

    scenario('versions and queries stay apart', async (stage) => {
      await stage.adapter.writeResults([
        stage.result({ startMs: 0, queryVersion: 1, count: 1 }),
        stage.result({ startMs: 0, queryVersion: 2, count: 2 }),
        stage.result({ startMs: 0, query: '__proto__', count: 3 }),
      ])
      expect((await stage.results({ queryVersion: 1 })).map((row) => row.count)).toEqual([1])
      expect((await stage.results({ queryVersion: 2 })).map((row) => row.count)).toEqual([2])
      expect((await stage.results()).map((row) => row.count).sort()).toEqual([1, 2])
      expect((await stage.results({ query: '__proto__' })).map((row) => row.count)).toEqual([3])
      expect(await stage.results({ query: 'unknown' })).toEqual([])
    })

    scenarioIf(replaces, 'a greater revision replaces; an equal or smaller one changes nothing', async (stage) => {
      const put = (revision: number, count: number) =>
        stage.adapter.writeResults([stage.result({ startMs: 0, revision, count })])
      const counts = async (): Promise<number[]> => (await stage.results()).map((row) => row.count)
      await put(5, 50)
      await put(4, 40)
      await put(5, 51)
      expect(await counts()).toEqual([50])
      await put(6, 60)
      expect(await counts()).toEqual([60])
      await stage.adapter.writeResults(
        [9, 7, 8].map((revision) => stage.result({ startMs: 0, revision, count: revision })),
      )
      expect(await counts()).toEqual([9])
    })

    scenarioIf(replaces, 'a retracted row is left out until a greater revision brings it back', async (stage) => {
      const put = (revision: number, retracted: boolean) =>
        stage.adapter.writeResults([stage.result({ startMs: 0, revision, ...(retracted ? { retracted } : {}) })])
      const revisions = async (): Promise<number[]> => (await stage.results()).map((row) => row.revision)
      await put(1, false)
      await put(3, true)
      expect(await revisions()).toEqual([])
      await put(2, false)
      expect(await revisions()).toEqual([])
      await put(4, false)
      expect(await revisions()).toEqual([4])
    })

    scenarioIf(replaces, 'the group is what it holds, not the order in which it was filled', async (stage) => {
      const group = (...entries: [string, string | null][]) => record<string | null>(entries)
      const rows = [
        stage.result({ startMs: 0, revision: 1, group: group(['a', '1'], ['b', '2']) }),
        stage.result({ startMs: 0, revision: 2, group: group(['b', '2'], ['a', '1']) }),
        stage.result({ startMs: 0, revision: 1, group: group(['a', null], ['b', '2']) }),
        stage.result({ startMs: 0, revision: 1, group: group(['a', ''], ['b', '2']) }),
        stage.result({ startMs: 0, revision: 1, group: group(['a', 'null'], ['b', '2']) }),
        stage.result({ startMs: 0, revision: 1, group: group(['__proto__', '1'], ['b', '2']) }),
      ]
      await stage.adapter.writeResults(rows)
      const read = await stage.results()
      expect(read.map((row) => row.revision).sort()).toEqual([1, 1, 1, 1, 2])
      const odd = read.find((row) => Object.hasOwn(row.group, '__proto__'))
      expect(Object.entries(odd!.group).sort()).toEqual([
        ['__proto__', '1'],
        ['b', '2'],
      ])
    })
  })
}
