import type { ContractKit } from './kit.ts'
import { rowsOf } from './stage.ts'

export function orderContract({ describe, expect, scenario, startMs, capabilities }: ContractKit): void {
  const stepMs = capabilities.resolutionMs
  const at = (n: number): number => startMs + n * stepMs

  describe('order', () => {
    scenario('batches partition time when series were written one after the other', async (stage) => {
      const refs = ['a', 'b', 'c'].map((server) => stage.series({ server }))
      for (const ref of refs)
        await stage.write(Array.from({ length: 6000 }, (_, n) => ({ ref, timeMs: at(n * 5), value: n })))
      // `readInOrder` fails by itself when a batch goes back in time.
      expect((await stage.readInOrder()).length).toBe(18_000)
    })

    scenario('rows written late are read in their place', async (stage) => {
      const ref = stage.series()
      const late = [5, 1, 9, 3, 7]
      await stage.write([0, 2, 4, 6, 8, 10].map((n) => ({ ref, timeMs: at(n), value: n })))
      for (const n of late) await stage.write([{ ref, timeMs: at(n), value: n }])
      expect((await stage.readInOrder()).map((row) => row.value)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    })

    scenario('rows out of order within one batch', async (stage) => {
      const [a, b] = [stage.series({ server: 'a' }), stage.series({ server: 'b' })]
      await stage.write([4, 1, 3, 0, 2].flatMap((n) => [a, b].map((ref) => ({ ref, timeMs: at(n), value: n }))))
      const rows = await stage.readInOrder()
      for (const ref of [a, b])
        expect(rows.filter((row) => row.ref === ref).map((row) => row.value)).toEqual([0, 1, 2, 3, 4])
    })

    scenario('a history written backwards', async (stage) => {
      const ref = stage.series()
      const rows = Array.from({ length: 5000 }, (_, n) => ({ ref, timeMs: at(n), value: n }))
      for (let end = 5000; end > 0; end -= 500) await stage.write(rows.slice(end - 500, end).reverse())
      expect(await stage.readInOrder()).toEqual(rows)
    })

    scenario('a scan under way survives writes, and holds what was there when it began', async (stage) => {
      const ref = stage.series()
      const rows = Array.from({ length: 30_000 }, (_, n) => ({ ref, timeMs: at(n * 2), value: n }))
      await stage.write(rows)
      const seen = new Set<number>()
      let latestMs = Number.NEGATIVE_INFINITY
      let written = 0
      for await (const batch of stage.adapter.scanRaw(stage.scan())) {
        for (const row of rowsOf(batch)) {
          expect(row.timeMs).toBeGreaterThanOrEqual(latestMs)
          latestMs = row.timeMs
          if (row.value >= 0) {
            expect(seen.has(row.value)).toBe(false)
            seen.add(row.value)
          }
        }
        if (written++ < 20) await stage.write([1, 40_001, 70_000].map((n) => ({ ref, timeMs: at(n), value: -1 })))
      }
      expect(seen.size).toBe(rows.length)
      expect((await stage.read()).length).toBe(rows.length + 3 * Math.min(written, 20))
    })
  })
}
