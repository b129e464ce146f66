import type { SaveSection } from './snapshot-writer.ts'
import type { StateWriter } from './state-writer.ts'

/** Sections of at most `blockSize` of `count` things each. */
export function* inBlocks(
  count: number,
  blockSize: number,
  save: (writer: StateWriter, from: number, to: number) => void,
): Generator<SaveSection, void, undefined> {
  for (let from = 0; from < count; from += blockSize)
    yield (writer) => save(writer, from, Math.min(count, from + blockSize))
}
