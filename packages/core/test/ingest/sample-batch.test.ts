import { expect, test } from 'vitest'
import { createSampleBatch, type SampleBatch } from '../../src/index.ts'
import type { SeriesRef } from '../../src/registry/identity.ts'

function batchOf(rows: number): SampleBatch {
  const batch = createSampleBatch(1)
  for (let row = 0; row < rows; row++) batch.push(0 as SeriesRef, row, row)
  return batch
}

test.each([
  ['a second time', 1, 1, 'row 1 has a state already'],
  ['after a later row', 1, 0, 'rising order of rows: 0 comes after 1'],
  ['beyond the last row', 1, 3, 'the batch has 3 rows'],
  ['between two rows', 1, 1.5, 'the batch has 3 rows'],
])('a state set %s is refused and leaves the batch as it was', (_when, first, second, message) => {
  const batch = batchOf(3)
  batch.setState(first, Uint8Array.of(1, 2))
  expect(() => batch.setState(second, Uint8Array.of(3))).toThrow(RangeError)
  expect(() => batch.setState(second, Uint8Array.of(3))).toThrow(message)
  batch.setState(2, Uint8Array.of(4))
  const { count, rows, offsets, bytes } = batch.states!
  expect([...rows.subarray(0, count)]).toEqual([1, 2])
  expect([...bytes.subarray(0, offsets[count])]).toEqual([1, 2, 4])
})

test('a cleared batch takes states from the first row again', () => {
  const batch = batchOf(2)
  batch.setState(1, Uint8Array.of(1))
  batch.clear()
  batch.push(0 as SeriesRef, 0, 0)
  batch.setState(0, Uint8Array.of(2))
  expect([batch.states!.count, batch.states!.rows[0], batch.states!.bytes[0]]).toEqual([1, 0, 2])
})
