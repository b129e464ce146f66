import type { ContractKit } from './kit.ts'
import { batchOf } from './stage.ts'

export function abortContract({ describe, expect, scenario, startMs, capabilities }: ContractKit): void {
  const stepMs = capabilities.resolutionMs
  const aborted = expect.objectContaining({ name: 'WindrowError', code: 'ABORTED' })

  describe('abort', () => {
    scenario('an aborted write stores nothing and can be tried again', async (stage) => {
      const rows = [{ ref: stage.series(), timeMs: startMs, value: 1 }]
      const context = { tenant: stage.tenant, batchId: 'b' }
      const write = stage.adapter.writeRaw(batchOf(rows), { ...context, signal: AbortSignal.abort() })
      await expect(write).rejects.toEqual(aborted)
      expect(await stage.read()).toEqual([])
      await stage.adapter.writeRaw(batchOf(rows), context)
      expect(await stage.read()).toEqual(rows)
    })

    scenario('a scan whose signal has fired rejects, with the reason as its cause', async (stage) => {
      await stage.write([{ ref: stage.series(), timeMs: startMs, value: 1 }])
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      await expect(stage.read({ signal })).rejects.toEqual(aborted)
      await expect(stage.read({ signal })).rejects.toHaveProperty('cause', reason)
    })

    scenario('a scan under way stops at the next batch', async (stage) => {
      const ref = stage.series()
      await stage.write(Array.from({ length: 20_000 }, (_, n) => ({ ref, timeMs: startMs + n * stepMs, value: n })))
      const controller = new AbortController()
      const scan = stage.adapter.scanRaw(stage.scan({ signal: controller.signal }))[Symbol.asyncIterator]()
      expect((await scan.next()).done).toBe(false)
      controller.abort()
      await expect(scan.next()).rejects.toEqual(aborted)
      expect((await stage.read()).length).toBe(20_000)
    })

    scenario('a scan of results stops too', async (stage) => {
      await stage.adapter.writeResults([0, 10, 20].map((start) => stage.result({ startMs: start })))
      const controller = new AbortController()
      const request = { tenant: stage.tenant, query: 'q', fromMs: 0, toMs: 100, signal: controller.signal }
      const scan = stage.adapter.scanResults(request)[Symbol.asyncIterator]()
      expect((await scan.next()).done).toBe(false)
      controller.abort()
      await expect(scan.next()).rejects.toEqual(aborted)
    })
  })
}
