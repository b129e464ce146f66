import { readState, type StateStore } from '../storage/state-store.ts'
import type { DirtyWindows } from './dirty-windows.ts'
import { decodeDirtyWindows, encodeDirtyWindows } from './dirty-windows-codec.ts'

const MAX_BYTES = 64 * 1024 * 1024
/** A store that failed is not asked again at every tick. */
const RETRY_AFTER_MS = 5_000

/** A set of windows and its name in the state store. */
export interface SavedPart {
  readonly name: string
  readonly windows: DirtyWindows
}

/** Keeps sets of windows in a state store: one write at a time, of what changed since the last one. */
export class SavedWindows {
  readonly #parts: readonly SavedPart[]
  readonly #store: StateStore | undefined
  readonly #onError: (error: unknown) => void
  /** By part: `changes` when it was last saved. */
  readonly #savedChanges: number[]
  #isRestored = false
  #hasFailed = false
  #retryAtMs = Number.NEGATIVE_INFINITY
  #saving: Promise<void> | undefined

  constructor(parts: readonly SavedPart[], store: StateStore | undefined, onError: (error: unknown) => void) {
    this.#parts = parts
    this.#store = store
    this.#onError = onError
    this.#savedChanges = parts.map(() => 0)
  }

  /** Adds what was saved. Nothing is saved before this went well: it would overwrite what could not be read. */
  async restore(): Promise<void> {
    const store = this.#store
    if (store === undefined) return
    const found = await Promise.all(this.#parts.map(({ name }) => readState(store, name, MAX_BYTES)))
    const decoded = found.map((bytes) => (bytes === undefined ? [] : decodeDirtyWindows(bytes)))
    for (const [index, { windows }] of this.#parts.entries())
      for (const { key, windows: marked } of decoded[index]!)
        for (const { startMs, endMs, writeNumber } of marked) windows.mark(key, startMs, endMs, writeNumber)
    this.#isRestored = true
  }

  /** Begins to save what changed, unless a write is under way or one failed a short time ago on the engine's clock. */
  saveSoon(nowMs: number): void {
    if (this.#saving !== undefined || !this.#hasChanged) return
    if (this.#hasFailed) {
      if (nowMs < this.#retryAtMs) return
      this.#retryAtMs = nowMs + RETRY_AFTER_MS
    }
    void this.#begin()
  }

  /** Settles when what was there at the call is saved, or that failed and was reported. */
  async save(): Promise<void> {
    if (this.#saving !== undefined) await this.#saving
    // Another caller may have begun while this one waited; that write has all of it.
    if (this.#saving !== undefined) await this.#saving
    else if (this.#hasChanged) await this.#begin()
  }

  get #hasChanged(): boolean {
    return (
      this.#store !== undefined &&
      this.#isRestored &&
      this.#parts.some(({ windows }, index) => windows.changes !== this.#savedChanges[index])
    )
  }

  #begin(): Promise<void> {
    this.#saving = this.#write().then(() => {
      this.#saving = undefined
    })
    return this.#saving
  }

  async #write(): Promise<void> {
    // All at one moment, so that a window that goes from one part to the other is in one of them at least.
    const states = this.#parts.map(({ name, windows }, index) => ({
      name,
      index,
      changes: windows.changes,
      bytes: windows.changes === this.#savedChanges[index] ? undefined : encodeDirtyWindows(windows),
    }))
    try {
      for (const { name, index, changes, bytes } of states) {
        if (bytes === undefined) continue
        await this.#store!.write(name, [bytes])
        this.#savedChanges[index] = changes
      }
      this.#hasFailed = false
    } catch (error) {
      this.#hasFailed = true
      this.#onError(error)
    }
  }
}
