import { hold } from './violation.ts'

const MAX_WAIT_MS = 10_000
const STALLED_AFTER_MS = 60_000

interface Polled {
  backlog: number | undefined
  maxEventMs: number
  progressMs: number
  isAbandoned: boolean
}

/**
 * What a tenant's watermark may do, from what its partitions said: it never goes back nor ahead of the clock, waits for
 * a partition that catches up, and for nobody else longer than `maxWait`.
 */
export class SourceModel {
  readonly #polled = new Map<string, Polled>()
  #watermarkMs = Number.NEGATIVE_INFINITY
  #floorMs = Number.NEGATIVE_INFINITY

  copy(): SourceModel {
    const copy = new SourceModel()
    for (const [source, polled] of this.#polled) copy.#polled.set(source, { ...polled })
    copy.#watermarkMs = this.#watermarkMs
    copy.#floorMs = this.#floorMs
    return copy
  }

  isOpen(source: string): boolean {
    return this.#polled.has(source)
  }

  open(source: string, nowMs: number): void {
    this.#polled.set(source, {
      backlog: undefined,
      maxEventMs: Number.NEGATIVE_INFINITY,
      progressMs: nowMs,
      isAbandoned: false,
    })
  }

  /** Opened again in a later life: as far as it was, and again waited for until its first poll. */
  reopen(source: string, nowMs: number): void {
    const { maxEventMs } = this.#polled.get(source)!
    this.#polled.set(source, { backlog: undefined, maxEventMs, progressMs: nowMs, isAbandoned: false })
  }

  close(source: string): void {
    this.#polled.delete(source)
  }

  /** `maxEventMs`: greatest accepted time that is not too far ahead of the clock. */
  poll(source: string, backlog: number, maxEventMs: number, nowMs: number): void {
    const polled = this.#polled.get(source)!
    polled.backlog = backlog
    polled.progressMs = nowMs
    polled.maxEventMs = Math.max(polled.maxEventMs, maxEventMs)
  }

  /** At any time: the watermark never goes back, nor ahead of the clock. */
  still(tenant: string, watermarkMs: number, nowMs: number): void {
    hold('watermark-back', watermarkMs >= this.#watermarkMs, () => `${tenant}: ${this.#watermarkMs} -> ${watermarkMs}`)
    hold('watermark-ahead', watermarkMs <= nowMs, () => `${tenant}: ${watermarkMs} at ${nowMs}`)
    this.#watermarkMs = watermarkMs
  }

  /** After the clock moved. */
  tick(tenant: string, watermarkMs: number, nowMs: number): void {
    let mayWait = false
    for (const [source, polled] of this.#polled) {
      const isBehind = polled.backlog === undefined || (polled.backlog > 0 && polled.maxEventMs < nowMs - MAX_WAIT_MS)
      polled.isAbandoned = isBehind && (polled.isAbandoned || nowMs - polled.progressMs >= STALLED_AFTER_MS)
      if (!isBehind || polled.isAbandoned) continue
      mayWait = true
      const mostMs = Math.max(this.#watermarkMs, this.#floorMs, polled.maxEventMs)
      hold('backlog', watermarkMs <= mostMs, () => `${tenant}: ${watermarkMs}, but ${source} has read up to ${mostMs}`)
    }
    const floorMs = nowMs - MAX_WAIT_MS
    hold(
      'freshness',
      mayWait || watermarkMs >= floorMs,
      () => `${tenant}: ${watermarkMs} at ${nowMs}, and nobody to wait for`,
    )
    this.still(tenant, watermarkMs, nowMs)
    this.#floorMs = floorMs
  }
}
