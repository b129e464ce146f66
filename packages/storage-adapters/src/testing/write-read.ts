import type { ContractKit } from './kit.ts'
import { batchOf, rowsOf } from './stage.ts'

export function writeReadContract({ describe, expect, scenario, startMs, capabilities }: ContractKit): void {
  const stepMs = capabilities.resolutionMs

  describe('write and read', () => {
    scenario('what was written is read back', async (stage) => {
      const [a, b] = [stage.series({ server: 'a' }), stage.series({ server: 'b' })]
      const rows = [
        { ref: a, timeMs: startMs, value: 1.5 },
        { ref: a, timeMs: startMs + stepMs, value: -2 },
        { ref: b, timeMs: startMs, value: 1e300 },
      ]
      await stage.write(rows)
      expect(await stage.read()).toEqual(rows)
    })

    scenario('nothing written, nothing read', async (stage) => {
      stage.series()
      expect(await stage.read()).toEqual([])
      await stage.write([])
      expect(await stage.read()).toEqual([])
    })

    scenario('a settled write is seen by the next scan, batch after batch', async (stage) => {
      const ref = stage.series()
      for (let i = 0; i < 5; i++) {
        await stage.write([{ ref, timeMs: startMs + i * stepMs, value: i }])
        expect((await stage.read()).map((row) => row.value)).toEqual(Array.from({ length: i + 1 }, (_, n) => n))
      }
    })

    scenario('samples of one series at one time are all kept', async (stage) => {
      const ref = stage.series({ metric: 'cpu', kind: 'distribution' })
      const rows = [1, 2, 2, 3].map((value) => ({ ref, timeMs: startMs, value }))
      await stage.write(rows)
      expect(await stage.read()).toEqual(rows)
    })

    scenario('only the first `length` rows of a batch count', async (stage) => {
      const ref = stage.series()
      const batch = batchOf([1, 2, 3].map((value) => ({ ref, timeMs: startMs, value })))
      batch.length = 2
      await stage.adapter.writeRaw(batch, { tenant: stage.tenant, batchId: stage.nextBatchId() })
      expect((await stage.read()).map((row) => row.value)).toEqual([1, 2])
    })

    scenario('many series with many samples', async (stage) => {
      const refs = Array.from({ length: 40 }, (_, i) => stage.series({ server: `web-${i}` }))
      const rows = refs.flatMap((ref, i) =>
        Array.from({ length: 500 }, (_, n) => ({ ref, timeMs: startMs + n * 7 * stepMs, value: i * 1000 + n })),
      )
      await stage.write(rows)
      const read = await stage.read()
      expect(read.length).toBe(20_000)
      expect(read).toEqual(rows)
    })

    scenario('two scans at once do not disturb each other', async (stage) => {
      const ref = stage.series()
      const rows = Array.from({ length: 3000 }, (_, n) => ({ ref, timeMs: startMs + n * stepMs, value: n }))
      await stage.write(rows)
      const [one, two] = await Promise.all([stage.read(), stage.read({ fromMs: startMs + 1000 * stepMs })])
      expect(one).toEqual(rows)
      expect(two).toEqual(rows.slice(1000))
    })

    scenario('a scan may be left before its end', async (stage) => {
      const ref = stage.series()
      await stage.write(Array.from({ length: 3000 }, (_, n) => ({ ref, timeMs: startMs + n * stepMs, value: n })))
      let first = 0
      for await (const batch of stage.adapter.scanRaw(stage.scan())) {
        first = rowsOf(batch)[0]!.timeMs
        break
      }
      expect(first).toBe(startMs)
      expect((await stage.read()).length).toBe(3000)
    })

    scenario('the catalog tells metrics, series and the range of times', async (stage) => {
      expect(await stage.adapter.catalog(stage.tenant)).toEqual({ metrics: [], firstMs: null, lastMs: null })
      const [a, b, c] = [stage.series({ server: 'a' }), stage.series({ server: 'b' }), stage.series({ metric: 'mem' })]
      await stage.write([
        { ref: b, timeMs: startMs + 9 * stepMs, value: 1 },
        { ref: a, timeMs: startMs + 2 * stepMs, value: 1 },
        { ref: c, timeMs: startMs + 5 * stepMs, value: 1 },
      ])
      const catalog = await stage.adapter.catalog(stage.tenant)
      expect(catalog.firstMs).toBe(startMs + 2 * stepMs)
      expect(catalog.lastMs).toBe(startMs + 9 * stepMs)
      expect([...catalog.metrics].sort((x, y) => (x.metric < y.metric ? -1 : 1))).toEqual([
        { metric: 'cpu', seriesCount: 2 },
        { metric: 'mem', seriesCount: 1 },
      ])
    })
  })
}
