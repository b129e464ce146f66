import type { WindowResult } from '../result/window-result.ts'

/** The rows of one window start, as computed anew and as stored. */
export interface WindowPair {
  readonly startMs: number
  readonly fresh: readonly WindowResult[]
  readonly stored: readonly WindowResult[]
}

/** Brings together two streams of rows by window start, rising in both; holds the rows of one start at a time. */
export async function* pairWindows(
  fresh: AsyncIterable<WindowResult>,
  stored: AsyncIterable<WindowResult>,
): AsyncGenerator<WindowPair> {
  const left = new Peeking(fresh)
  const right = new Peeking(stored)
  try {
    for (;;) {
      const startMs = Math.min(await left.nextStartMs(), await right.nextStartMs())
      if (startMs === Number.POSITIVE_INFINITY) return
      yield { startMs, fresh: await left.take(startMs), stored: await right.take(startMs) }
    }
  } finally {
    await left.close()
    await right.close()
  }
}

class Peeking {
  readonly #rows: AsyncIterator<WindowResult>
  #next: WindowResult | undefined
  #isEnded = false

  constructor(rows: AsyncIterable<WindowResult>) {
    this.#rows = rows[Symbol.asyncIterator]()
  }

  async nextStartMs(): Promise<number> {
    if (this.#next === undefined && !this.#isEnded) {
      const { done, value } = await this.#rows.next()
      if (done === true) this.#isEnded = true
      else this.#next = value
    }
    return this.#next?.startMs ?? Number.POSITIVE_INFINITY
  }

  async take(startMs: number): Promise<WindowResult[]> {
    const taken: WindowResult[] = []
    while ((await this.nextStartMs()) === startMs) {
      taken.push(this.#next!)
      this.#next = undefined
    }
    return taken
  }

  async close(): Promise<void> {
    this.#next = undefined
    this.#isEnded = true
    await this.#rows.return?.()
  }
}
