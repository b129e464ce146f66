import { readSnapshot } from '../../src/snapshot/read-snapshot.ts'
import type { LoadSection } from '../../src/snapshot/section-type.ts'
import { type SaveSection, SnapshotWriter } from '../../src/snapshot/snapshot-writer.ts'

export const TYPE = 900

/** All chunks of a snapshot as one. */
export function bytesOf(snapshot: SnapshotWriter): Uint8Array {
  return Uint8Array.from(Buffer.concat([...snapshot.chunks()]))
}

/** The bytes of a snapshot of one section. */
export function sectionBytes(save: SaveSection, type: number = TYPE): Uint8Array {
  const snapshot = new SnapshotWriter({ createdMs: 0 })
  snapshot.section(type, save)
  return bytesOf(snapshot)
}

/** Writes a section and reads it back. */
export async function throughSection(save: SaveSection, load: LoadSection): Promise<void> {
  await readSnapshot([sectionBytes(save)], { [TYPE]: load })
}

/** The code of the `WindrowError` that the promise is rejected with, and its offset; anything else is thrown on. */
export async function failureOf(reading: Promise<unknown>): Promise<{ code: string; offset: unknown } | undefined> {
  try {
    await reading
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'details' in error) {
      const { code, details } = error as { code: string; details: Record<string, unknown> }
      return { code, offset: details['offset'] }
    }
    throw error
  }
  return undefined
}

/** A seeded generator (mulberry32) of numbers from 0 to `end`: the same on every run. */
export function randomOf(seed: number): (end: number) => number {
  let state = seed
  return (end) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (((mixed ^ (mixed >>> 14)) >>> 0) * end) / 2 ** 32
  }
}
