import type { Engine, StateStore } from '@windrow/core'

/** Under this name the newest snapshot is in the state store. */
export const SNAPSHOT = 'snapshot'

export interface SnapshotKeeperOptions {
  readonly engine: Pick<Engine, 'snapshot' | 'flush' | 'nowMs'>
  readonly stateStore: StateStore
  /** 0 = none are taken. */
  readonly everyMs: number
  readonly onError: (error: unknown) => void
}

/** What is known of the snapshots of this life of the server. */
export interface SnapshotStatus {
  readonly everyMs: number
  /** The moment the newest one on disk is of, by the engine's clock; null before the first. */
  readonly lastMs: number | null
  readonly lastBytes: number
  /** From the capture until it was durable. */
  readonly lastDurationMs: number
  readonly taken: number
  readonly failed: number
  /** Why the last attempt failed; undefined when it did not. */
  readonly problem: string | undefined
}

/** Saves the engine's state again and again, one snapshot at a time. */
export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions
  readonly #timer: NodeJS.Timeout | undefined
  #underWay: Promise<void> | undefined
  #lastMs: number | null = null
  #lastBytes = 0
  #lastDurationMs = 0
  #taken = 0
  #failed = 0
  #problem: string | undefined

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options
    if (options.everyMs === 0) return
    // A disk that is slower than that is left to finish.
    this.#timer = setInterval(() => {
      if (this.#underWay === undefined) void this.take()
    }, options.everyMs)
    this.#timer.unref()
  }

  get status(): SnapshotStatus {
    return {
      everyMs: this.#options.everyMs,
      lastMs: this.#lastMs,
      lastBytes: this.#lastBytes,
      lastDurationMs: this.#lastDurationMs,
      taken: this.#taken,
      failed: this.#failed,
      problem: this.#problem,
    }
  }

  /** Takes one of this moment; settles when it is durable or has failed, which is told through `onError`. */
  async take(): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay
    this.#underWay = this.#take().finally(() => {
      this.#underWay = undefined
    })
    await this.#underWay
  }

  /** Takes the last one, so that the next start goes on from here. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    if (this.#options.everyMs > 0) await this.take()
  }

  async #take(): Promise<void> {
    const { engine, stateStore, onError } = this.#options
    const startedMs = performance.now()
    const atMs = engine.nowMs()
    let bytes = 0
    function* counted(chunks: Iterable<Uint8Array>): Iterable<Uint8Array> {
      for (const chunk of chunks) {
        bytes += chunk.length
        yield chunk
      }
    }
    try {
      const chunks = engine.snapshot()
      // A later life takes batches of before for stored: so they have to be.
      await engine.flush()
      await stateStore.write(SNAPSHOT, counted(chunks))
      this.#lastMs = atMs
      this.#lastBytes = bytes
      this.#lastDurationMs = performance.now() - startedMs
      this.#taken++
      this.#problem = undefined
    } catch (error) {
      this.#failed++
      this.#problem = error instanceof Error ? error.message : String(error)
      onError(error)
    }
  }
}
