import type { ContractKit } from './kit.ts'

export function deletionContract({ describe, expect, scenario, startMs, capabilities }: ContractKit): void {
  const stepMs = capabilities.resolutionMs
  const at = (n: number): number => startMs + n * stepMs

  describe('deleteBefore', () => {
    scenario('deletes samples earlier than the time and no other', async (stage) => {
      const [a, b] = [stage.series({ server: 'a' }), stage.series({ server: 'b' })]
      const rows = [a, b].flatMap((ref) => Array.from({ length: 100 }, (_, n) => ({ ref, timeMs: at(n), value: n })))
      await stage.write(rows)
      await stage.adapter.deleteBefore(stage.tenant, at(37))
      expect(await stage.read()).toEqual(rows.filter((row) => row.timeMs >= at(37)))
      expect((await stage.adapter.catalog(stage.tenant)).firstMs).toBe(at(37))
    })

    scenario('deletes results whose window is over by then', async (stage) => {
      await stage.adapter.writeResults([0, 10, 20].map((startMs) => stage.result({ startMs, endMs: startMs + 10 })))
      await stage.adapter.deleteBefore(stage.tenant, 19)
      expect((await stage.results()).map((row) => row.startMs)).toEqual([10, 20])
      await stage.adapter.deleteBefore(stage.tenant, 20)
      expect((await stage.results()).map((row) => row.startMs)).toEqual([20])
    })

    scenario('deleting everything leaves an empty tenant that can be written again', async (stage) => {
      const ref = stage.series()
      await stage.write([{ ref, timeMs: at(0), value: 1 }])
      await stage.adapter.deleteBefore(stage.tenant, at(1))
      expect(await stage.read()).toEqual([])
      expect(await stage.adapter.catalog(stage.tenant)).toEqual({ metrics: [], firstMs: null, lastMs: null })
      await stage.write([{ ref, timeMs: at(5), value: 2 }])
      expect((await stage.read()).map((row) => row.value)).toEqual([2])
    })

    scenario('a time before everything deletes nothing', async (stage) => {
      const ref = stage.series()
      await stage.write([{ ref, timeMs: at(0), value: 1 }])
      await stage.adapter.deleteBefore(stage.tenant, at(0))
      expect((await stage.read()).length).toBe(1)
    })
  })
}
