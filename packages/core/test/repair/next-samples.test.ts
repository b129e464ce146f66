import { expect, test } from 'vitest'
import { createSampleBatch, type SampleBatch } from '../../src/index.ts'
import { windowsOfNext } from '../../src/repair/next-samples.ts'
import { windowScheme } from '../../src/window/scheme-of.ts'

const SCHEME = windowScheme({ type: 'fixed', sizeMs: 10, stepMs: 10, offsetMs: 0 })
const RANGE = { fromMs: 1_000_000, toMs: 1_000_010 }

/** Samples as [series, ms after the end of the range], one array a batch. */
function scanOf(...batches: readonly (readonly (readonly [number, number])[])[]) {
  const asked: [number, number][] = []
  let read = 0
  async function* scan(fromMs: number, toMs: number): AsyncGenerator<SampleBatch> {
    asked.push([fromMs, toMs])
    for (const rows of batches) {
      read++
      const batch = createSampleBatch(Math.max(1, rows.length))
      for (const [series, afterMs] of rows) batch.push(series as never, RANGE.toMs + afterMs, 1)
      yield batch
    }
  }
  return { scan, asked, read: () => read }
}

async function startsOf(of: ReturnType<typeof scanOf>, scheme = SCHEME): Promise<number[]> {
  return (await windowsOfNext(RANGE, scheme, of.scan)).map(({ startMs }) => startMs - RANGE.toMs)
}

test('the next sample of each series of the range is found, in whatever order a batch has them', async () => {
  const of = scanOf(
    [
      [2, 25],
      [1, -3],
      [3, 4],
      [2, -1],
      [2, 12],
    ],
    [
      [1, 47],
      [1, 58],
    ],
    [[1, 70]],
  )
  expect(await startsOf(of)).toEqual([10, 40])
  // Nothing is looked for any more.
  expect(of.read()).toBe(2)
})

test('every window that holds the next sample counts, but none that ends with the range', async () => {
  const sliding = windowScheme({ type: 'fixed', sizeMs: 20, stepMs: 10, offsetMs: 0 })
  expect(
    await startsOf(
      scanOf([
        [1, -1],
        [1, 3],
      ]),
      sliding,
    ),
  ).toEqual([-10, 0])
})

test('ten minutes before the end of the range are read, and ten after it while a series has not come again', async () => {
  const of = scanOf([[1, -1]], [[2, 5]], [[2, 599_999]])
  expect(await startsOf(of)).toEqual([])
  expect(of.read()).toBe(3)
  expect(of.asked).toEqual([[RANGE.fromMs, RANGE.toMs + 600_000]])
  const long = scanOf([[1, 0]])
  await windowsOfNext({ fromMs: RANGE.toMs - 86_400_000, toMs: RANGE.toMs }, SCHEME, long.scan)
  expect(long.asked).toEqual([[RANGE.toMs - 600_000, RANGE.toMs + 600_000]])
})

test('without a series in the range the first sample after it is the last one read', async () => {
  const of = scanOf([[1, 0]], [[1, 5]])
  expect(await startsOf(of)).toEqual([])
  expect(of.read()).toBe(1)
})
