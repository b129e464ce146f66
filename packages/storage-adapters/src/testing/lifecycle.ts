import { createSeriesRegistry, type StorageAdapter } from '@windrow/core'
import type { ContractKit } from './kit.ts'
import { batchOf, selectorOf } from './stage.ts'

/** Every call of the port but `open` and `close`. */
const CALLS: Readonly<Record<string, (adapter: StorageAdapter) => Promise<unknown>>> = {
  writeRaw: (adapter) => adapter.writeRaw(batchOf([]), { tenant: 't', batchId: 'b' }),
  scanRaw: (adapter) => drain(adapter.scanRaw({ tenant: 't', selector: selectorOf(), fromMs: 0, toMs: 1 })),
  writeResults: (adapter) => adapter.writeResults([]),
  scanResults: (adapter) => drain(adapter.scanResults({ tenant: 't', query: 'q', fromMs: 0, toMs: 1 })),
  catalog: (adapter) => adapter.catalog('t'),
  deleteBefore: (adapter) => adapter.deleteBefore('t', 0),
}

export function lifecycleContract({
  describe,
  expect,
  test,
  scenario,
  create,
  startMs,
  capabilities,
}: ContractKit): void {
  const closed = expect.objectContaining({ name: 'WindrowError', code: 'STORAGE_CLOSED' })

  describe('lifecycle', () => {
    for (const [name, call] of Object.entries(CALLS)) {
      scenario(`${name} after close rejects with STORAGE_CLOSED`, async ({ adapter }) => {
        await adapter.close()
        await expect(call(adapter)).rejects.toEqual(closed)
      })

      test(`${name} before open rejects with STORAGE_CLOSED`, async () => {
        const adapter = await create()
        await expect(call(adapter)).rejects.toEqual(closed)
        await adapter.close()
      })
    }

    scenario('open after close rejects with STORAGE_CLOSED', async ({ adapter, directory }) => {
      await adapter.close()
      await expect(adapter.open(directory)).rejects.toEqual(closed)
    })

    scenario('close twice is fine', async ({ adapter }) => {
      await adapter.close()
      await expect(adapter.close()).resolves.toBeUndefined()
    })

    test('close without open is fine', async () => {
      const adapter = await create()
      await expect(adapter.close()).resolves.toBeUndefined()
    })

    scenario('open again with the same directory changes nothing', async (stage) => {
      const ref = stage.series()
      await stage.write([{ ref, timeMs: startMs, value: 1 }])
      await stage.adapter.open(stage.directory)
      expect((await stage.read()).length).toBe(1)
    })

    scenario('open again with another directory is a mistake of the caller', async (stage) => {
      await expect(stage.adapter.open(createSeriesRegistry())).rejects.toThrow(TypeError)
    })

    scenario('a scan under way ends with STORAGE_CLOSED', async (stage) => {
      const ref = stage.series()
      const stepMs = capabilities.resolutionMs
      await stage.write(Array.from({ length: 2000 }, (_, n) => ({ ref, timeMs: startMs + n * stepMs, value: n })))
      const scan = stage.adapter.scanRaw(stage.scan())[Symbol.asyncIterator]()
      expect((await scan.next()).done).toBe(false)
      await stage.adapter.close()
      await expect(scan.next()).rejects.toEqual(closed)
    })

    scenario('the adapter has a name and a resolution', async ({ adapter }) => {
      expect(adapter.name).not.toBe('')
      expect(adapter.capabilities.resolutionMs).toBeGreaterThan(0)
    })
  })
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  const iterator = items[Symbol.asyncIterator]()
  while ((await iterator.next()).done !== true);
}
