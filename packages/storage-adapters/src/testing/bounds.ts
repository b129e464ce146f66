import type { ContractKit } from './kit.ts'

export function boundsContract({ describe, expect, scenario, startMs, capabilities }: ContractKit): void {
  const stepMs = capabilities.resolutionMs

  describe('bounds', () => {
    scenario('a range includes its start and excludes its end', async (stage) => {
      const ref = stage.series()
      const at = (n: number): number => startMs + n * stepMs
      await stage.write([0, 1, 2, 3].map((n) => ({ ref, timeMs: at(n), value: n })))
      const values = async (from: number, to: number): Promise<number[]> =>
        (await stage.read({ fromMs: at(from), toMs: at(to) })).map((row) => row.value)
      expect(await values(1, 3)).toEqual([1, 2])
      expect(await values(0, 4)).toEqual([0, 1, 2, 3])
      expect(await values(3, 4)).toEqual([3])
      expect(await values(4, 9)).toEqual([])
      expect(await values(-5, 0)).toEqual([])
    })

    scenario('an empty or reversed range holds nothing', async (stage) => {
      const ref = stage.series()
      await stage.write([{ ref, timeMs: startMs, value: 1 }])
      expect(await stage.read({ fromMs: startMs, toMs: startMs })).toEqual([])
      expect(await stage.read({ fromMs: startMs + stepMs, toMs: startMs })).toEqual([])
    })

    scenario('times before the epoch and the epoch itself are ordinary times', async (stage) => {
      const ref = stage.series()
      const rows = [-86_400_000, -1000, 0, 1000].map((timeMs) => ({ ref, timeMs, value: timeMs }))
      await stage.write(rows)
      expect(await stage.read()).toEqual(rows)
      expect((await stage.read({ fromMs: -1000, toMs: 0 })).map((row) => row.timeMs)).toEqual([-1000])
      expect((await stage.read({ fromMs: 0, toMs: 1000 })).map((row) => row.timeMs)).toEqual([0])
    })

    scenario('neighbouring ranges together hold every row once', async (stage) => {
      const ref = stage.series()
      const rows = Array.from({ length: 1000 }, (_, n) => ({ ref, timeMs: startMs + n * 3 * stepMs, value: n }))
      await stage.write(rows)
      const pieces = []
      for (let fromMs = startMs; fromMs < startMs + 3000 * stepMs; fromMs += 250 * stepMs)
        pieces.push(...(await stage.read({ fromMs, toMs: fromMs + 250 * stepMs })))
      expect(pieces).toEqual(rows)
    })

    scenario('samples years apart', async (stage) => {
      const ref = stage.series()
      const yearMs = 365 * 86_400_000
      const rows = [0, 1, 2, 3].map((n) => ({ ref, timeMs: startMs - (3 - n) * yearMs, value: n }))
      await stage.write(rows)
      expect(await stage.readInOrder()).toEqual(rows)
    })
  })
}
