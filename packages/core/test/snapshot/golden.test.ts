import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readSnapshot } from '../../src/snapshot/read-snapshot.ts'
import { SnapshotWriter } from '../../src/snapshot/snapshot-writer.ts'
import { bytesOf } from './fixture.ts'
import { freshState, type LeafState, populatedState } from './leaf-state.ts'

const CREATED_MS = 1_700_000_100_000

/**
 * Written by the first version of the library that could. It is never written anew: when this test fails, what changed
 * needs a section type or a format version of its own, and a file of its own beside this one.
 */
const golden = new Uint8Array(readFileSync(new URL('fixtures/format-1.snapshot', import.meta.url)))

function saved(state: LeafState): Uint8Array {
  const snapshot = new SnapshotWriter({ createdMs: CREATED_MS })
  state.save(snapshot)
  return bytesOf(snapshot)
}

describe('a snapshot of format 1 that was kept', () => {
  test('is what is written today', () => {
    expect(Buffer.from(saved(populatedState())).equals(golden)).toBe(true)
  })

  test('is read today, and gives the same bytes again', async () => {
    const state = freshState()
    const info = await readSnapshot([golden], state.loaders)
    expect(info).toMatchObject({ formatVersion: 1, createdMs: CREATED_MS, sizeBytes: golden.length })
    expect(state.registry.size).toBe(12)
    expect(state.registry.describe(5 as never).descriptor).toMatchObject({
      tenant: 'team-ä',
      metric: 'requests',
      kind: undefined,
    })
    expect(state.registry.metricInfo(1, 'requests')?.declared).toEqual({ kind: 'counter', unit: '1', first: 'zero' })
    expect(state.stats.mean(1)).toBe(4e307)
    expect(Buffer.from(saved(state)).equals(golden)).toBe(true)
  })
})
