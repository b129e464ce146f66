import { SampleFlag } from '@windrow/core'
import type { ContractKit } from './kit.ts'
import type { Row } from './stage.ts'

export function columnsContract({ describe, expect, scenario, startMs, capabilities }: ContractKit): void {
  const stepMs = capabilities.resolutionMs
  const at = (n: number): number => startMs + n * stepMs

  describe('columns', () => {
    scenario('values at the edges of doubles', async (stage) => {
      const ref = stage.series()
      const values = [Number.NaN, Infinity, -Infinity, -0, 0, 5e-324, -1.7976931348623157e308, 2 ** 53 + 2, 0.1]
      const rows = values.map((value, n) => ({ ref, timeMs: at(n), value }))
      await stage.write(rows)
      expect(await stage.read()).toEqual(rows)
    })

    scenario('start times, weights and flags', async (stage) => {
      const ref = stage.series({ kind: 'delta', temporality: 'delta' })
      const rows: Row[] = [
        { ref, timeMs: at(10), value: 1, startMs: at(0) },
        { ref, timeMs: at(20), value: 2, weight: 100 },
        { ref, timeMs: at(30), value: 0, flags: SampleFlag.noRecordedValue },
        { ref, timeMs: at(40), value: 4, flags: SampleFlag.precisionLost, weight: 0.5, startMs: at(30) },
      ]
      await stage.write(rows)
      expect(await stage.read()).toEqual(rows)
    })

    scenario('plain rows among rows with columns keep their defaults', async (stage) => {
      const [a, b] = [stage.series({ server: 'a' }), stage.series({ server: 'b' })]
      const early: Row[] = [0, 2, 4].map((n) => ({ ref: a, timeMs: at(n), value: n }))
      const later: Row[] = [
        { ref: a, timeMs: at(3), value: 3, weight: 7 },
        { ref: a, timeMs: at(6), value: 6, startMs: at(1) },
        { ref: b, timeMs: at(3), value: 3 },
      ]
      await stage.write(early)
      await stage.write(later)
      await stage.write([{ ref: a, timeMs: at(1), value: 1 }])
      expect(await stage.readInOrder({ toMs: at(3) })).toEqual(
        [0, 1, 2].map((n) => ({ ref: a, timeMs: at(n), value: n })),
      )
      expect((await stage.read()).filter((row) => row.weight !== undefined)).toEqual([later[0]])
      expect((await stage.read()).filter((row) => row.startMs !== undefined)).toEqual([later[1]])
    })
  })
}
