import type { ContractKit } from './kit.ts'

export function idempotenceContract({ describe, expect, scenario, startMs, capabilities }: ContractKit): void {
  const stepMs = capabilities.resolutionMs

  describe('batch ids', () => {
    scenario('a retried batch is stored once', async (stage) => {
      const ref = stage.series()
      const rows = [1, 2, 3].map((n) => ({ ref, timeMs: startMs + n * stepMs, value: n }))
      for (let tries = 0; tries < 3; tries++) await stage.write(rows, 'once')
      expect(await stage.read()).toEqual(rows)
    })

    scenario('a retry long after its batch is still recognised', async (stage) => {
      const ref = stage.series()
      await stage.write([{ ref, timeMs: startMs, value: 0 }], 'first')
      for (let n = 1; n <= 50; n++) await stage.write([{ ref, timeMs: startMs + n * stepMs, value: n }])
      await stage.write([{ ref, timeMs: startMs, value: 0 }], 'first')
      expect((await stage.read()).length).toBe(51)
    })

    scenario('equal rows under another id are other rows', async (stage) => {
      const ref = stage.series({ kind: 'distribution' })
      const rows = [{ ref, timeMs: startMs, value: 1 }]
      await stage.write(rows, 'one')
      await stage.write(rows, 'two')
      expect(await stage.read()).toEqual([...rows, ...rows])
    })

    scenario('ids of two tenants have nothing to do with each other', async (stage) => {
      const other = `${stage.tenant}-other`
      const rows = [{ ref: stage.series(), timeMs: startMs, value: 1 }]
      const others = [{ ref: stage.series({ tenant: other }), timeMs: startMs, value: 2 }]
      await stage.write(rows, 'same')
      await stage.write(others, 'same', other)
      expect(await stage.read()).toEqual(rows)
      expect(await stage.read({ tenant: other })).toEqual(others)
    })

    scenario('a refused batch stores nothing and does not use up its id', async (stage) => {
      const ref = stage.series()
      const foreign = stage.series({ tenant: `${stage.tenant}-other` })
      const good = { ref, timeMs: startMs, value: 1 }
      await expect(stage.write([good, { ref: foreign, timeMs: startMs, value: 2 }], 'id')).rejects.toThrow(TypeError)
      expect(await stage.read()).toEqual([])
      await stage.write([good], 'id')
      expect(await stage.read()).toEqual([good])
    })
  })
}
