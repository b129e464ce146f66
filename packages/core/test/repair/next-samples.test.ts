import { expect, test } from 'vitest'
import { createSampleBatch, type SampleBatch } from '../../src/index.ts'
import { runsOf, windowsOfNext } from '../../src/repair/next-samples.ts'
import { windowScheme } from '../../src/window/scheme-of.ts'

const SCHEME = windowScheme({ type: 'fixed', sizeMs: 10, stepMs: 10, offsetMs: 0 })
const RUN = { windows: [{ startMs: 1_000_000, endMs: 1_000_010 }], toMs: 1_000_010 }

/** Samples as [series, ms after the end of the run], one array a batch. */
function scanOf(...batches: readonly (readonly (readonly [number, number])[])[]) {
  const asked: [number, number][] = []
  let read = 0
  async function* scan(fromMs: number, toMs: number): AsyncGenerator<SampleBatch> {
    asked.push([fromMs, toMs])
    for (const rows of batches) {
      read++
      const batch = createSampleBatch(Math.max(1, rows.length))
      for (const [series, afterMs] of rows) batch.push(series as never, RUN.toMs + afterMs, 1)
      yield batch
    }
  }
  return { scan, asked, read: () => read }
}

async function startsOf(of: ReturnType<typeof scanOf>, scheme = SCHEME): Promise<number[]> {
  const windows = await windowsOfNext(RUN, scheme, of.scan)
  return windows.map(({ startMs }) => startMs - RUN.toMs).sort((a, b) => a - b)
}

test('the next sample of each series of the run is found, in whatever order a batch has them', async () => {
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

test('every window that holds the next sample counts', async () => {
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

test('ten minutes before the end of the run are read, and ten after it while a series has not come again', async () => {
  const of = scanOf([[1, -1]], [[2, 5]], [[2, 599_999]])
  expect(await startsOf(of)).toEqual([])
  expect(of.read()).toBe(3)
  expect(of.asked).toEqual([[RUN.toMs - 10, RUN.toMs + 600_000]])
  const long = scanOf([[1, 0]])
  await windowsOfNext(
    { windows: [{ startMs: RUN.toMs - 86_400_000, endMs: RUN.toMs }], toMs: RUN.toMs },
    SCHEME,
    long.scan,
  )
  expect(long.asked).toEqual([[RUN.toMs - 600_000, RUN.toMs + 600_000]])
})

test('without a series in the run the first sample after it is the last one read', async () => {
  const of = scanOf([[1, 0]], [[1, 5]])
  expect(await startsOf(of)).toEqual([])
  expect(of.read()).toBe(1)
})

test('windows that follow each other make a run, up to the start of the first one that is not in it', () => {
  const sliding = windowScheme({ type: 'fixed', sizeMs: 20, stepMs: 10, offsetMs: 0 })
  const window = (startMs: number) => ({ startMs, endMs: startMs + 20 })
  const windows = [window(40), window(0), window(10)]
  expect(runsOf(windows, sliding)).toEqual([
    { windows: [window(0), window(10)], toMs: 20 },
    { windows: [window(40)], toMs: 50 },
  ])
})
