import { mock } from 'node:test'
import type { StorageAdapter } from '../../src/index.ts'
import { createRandom, type Random } from './random.ts'
import { SampleShelf } from './sample-shelf.ts'
import type { Scenario } from './scenario.ts'
import { type Shaking, ShakyStorage } from './shaky-storage.ts'
import { hold } from './violation.ts'

/** Of the machine's own time. */
const TICK_TAKES_MS = 300
const RETRY_MOST_MS = 16_000
/** Until nothing more can be under way. */
const MOST_TURNS = 500
const FEW_TURNS = 20
const STILL: Shaking = { writeFails: 0, scanFails: 0, mostTicks: 0 }

export interface StorageLinkOptions {
  readonly scenario: Scenario
  /** Of the engine's clock. */
  readonly nowMs: () => number
  readonly advanceTo: (nowMs: number) => void
}

/** The storage of a world, the way of the engine that lives to it, and the patience that it takes. */
export class StorageLink {
  readonly #options: StorageLinkOptions
  readonly #shelf: SampleShelf | undefined
  readonly #random: Random
  #way: ShakyStorage | undefined

  constructor(options: StorageLinkOptions) {
    this.#options = options
    const { seed, stored, visibleAfterMs } = options.scenario
    this.#random = createRandom(seed)
    const { nowMs } = options
    this.#shelf = stored
      ? new SampleShelf({ nowMs, ...(visibleAfterMs === undefined ? {} : { visibleAfterMs }) })
      : undefined
  }

  get isThere(): boolean {
    return this.#shelf !== undefined
  }

  /** The way of a new engine to what is stored, if anything is. */
  connect(): { readonly storage?: StorageAdapter } {
    if (this.#shelf === undefined) return {}
    const { shaking = STILL } = this.#options.scenario
    this.#way = new ShakyStorage(this.#shelf.adapter(), shaking, this.#random.fork())
    return { storage: this.#way }
  }

  /** The engine died. */
  cut(): void {
    this.#way?.cut()
  }

  /** No more failures for this engine. */
  calm(): void {
    this.#way?.calm()
  }

  /** After a tick: the storage gets on, a little or as far as it can. */
  async pass(): Promise<void> {
    if (this.#shelf === undefined) return
    this.#way?.tick()
    mock.timers.tick(TICK_TAKES_MS)
    if (this.#random.chance(0.7)) await nextTurn()
    else for (let left = this.#random.integer(0, 30); left > 0; left--) await undefined
  }

  /** Waits for what needs a storage that works and time that passes. */
  async patiently<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    await nextTurn()
    for (let turn = 0; !isSettled && turn < MOST_TURNS; turn++) {
      this.#way?.tick()
      mock.timers.tick(RETRY_MOST_MS)
      await nextTurn()
      // A repair waits for the clock of the engine where a storage shows late what it stored.
      if (turn > FEW_TURNS && !isSettled) this.#options.advanceTo(this.#options.nowMs() + 1_000)
    }
    hold('quiet', isSettled, () => 'something goes on for ever')
    return promise
  }
}

/** When everything that can be done at once is done. */
function nextTurn(): Promise<void> {
  return new Promise((resume) => {
    setImmediate(resume)
  })
}
