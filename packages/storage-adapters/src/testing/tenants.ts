import type { ContractKit } from './kit.ts'

export function tenantsContract({ describe, expect, scenario, startMs }: ContractKit): void {
  describe('tenants', () => {
    scenario('one tenant sees nothing of another', async (stage) => {
      const other = `${stage.tenant}-other`
      await stage.write([{ ref: stage.series(), timeMs: startMs, value: 1 }])
      await stage.write([{ ref: stage.series({ tenant: other }), timeMs: startMs + 1000, value: 2 }], 'b', other)
      await stage.adapter.writeResults([
        stage.result({ startMs: 0, count: 1 }),
        stage.result({ startMs: 0, count: 2, tenant: other }),
      ])
      expect((await stage.read()).map((row) => row.value)).toEqual([1])
      expect((await stage.read({ tenant: other })).map((row) => row.value)).toEqual([2])
      expect((await stage.results()).map((row) => row.count)).toEqual([1])
      expect((await stage.results({ tenant: other })).map((row) => row.count)).toEqual([2])
      expect((await stage.adapter.catalog(stage.tenant)).lastMs).toBe(startMs)
      expect((await stage.adapter.catalog(other)).firstMs).toBe(startMs + 1000)
    })

    scenario('deleting for one tenant leaves the other alone', async (stage) => {
      const other = `${stage.tenant}-other`
      await stage.write([{ ref: stage.series(), timeMs: startMs, value: 1 }])
      await stage.write([{ ref: stage.series({ tenant: other }), timeMs: startMs, value: 2 }], 'b', other)
      await stage.adapter.deleteBefore(stage.tenant, startMs + 1000)
      expect(await stage.read()).toEqual([])
      expect((await stage.read({ tenant: other })).length).toBe(1)
    })

    scenario('a tenant nobody wrote for is empty, whatever its name', async (stage) => {
      await stage.write([{ ref: stage.series(), timeMs: startMs, value: 1 }])
      for (const tenant of ['__proto__', 'constructor', '', `${stage.tenant}%`, `${stage.tenant}*`, '*']) {
        expect(await stage.read({ tenant })).toEqual([])
        expect(await stage.results({ tenant })).toEqual([])
        expect(await stage.adapter.catalog(tenant)).toEqual({ metrics: [], firstMs: null, lastMs: null })
        await stage.adapter.deleteBefore(tenant, startMs + 1)
      }
      expect((await stage.read()).length).toBe(1)
    })
  })
}
