import type { ContractKit } from './kit.ts'
import type { Row } from './stage.ts'

export function statesContract({ describe, expect, scenarioIf, startMs, capabilities }: ContractKit): void {
  const stepMs = capabilities.resolutionMs
  const capable = capabilities.storesStates

  describe('states', () => {
    scenarioIf(capable, 'bytes of states come back as they were, on the rows they belong to', async (stage) => {
      const ref = stage.series({ kind: 'distribution' })
      const every = Array.from({ length: 256 }, (_, byte) => byte)
      const rows: Row[] = [
        { ref, timeMs: startMs, value: 10, state: every },
        { ref, timeMs: startMs + stepMs, value: 20 },
        { ref, timeMs: startMs + 2 * stepMs, value: 30, state: [0] },
        { ref, timeMs: startMs + 3 * stepMs, value: 40, state: [0, 0, 255] },
      ]
      await stage.write(rows)
      expect(await stage.read()).toEqual(rows)
      expect(await stage.read({ fromMs: startMs + 2 * stepMs })).toEqual(rows.slice(2))
    })

    scenarioIf(capable, 'states written late and large ones', async (stage) => {
      const ref = stage.series({ kind: 'distribution' })
      const state = (n: number): number[] => Array.from({ length: 50 + n * 40 }, (_, i) => (i * 31 + n) & 255)
      const rows: Row[] = Array.from({ length: 60 }, (_, n) => ({
        ref,
        timeMs: startMs + n * stepMs,
        value: n,
        state: state(n),
      }))
      await stage.write(rows.filter((_, n) => n % 3 !== 0))
      await stage.write(rows.filter((_, n) => n % 3 === 0).reverse())
      expect(await stage.read()).toEqual(rows)
    })
  })
}
