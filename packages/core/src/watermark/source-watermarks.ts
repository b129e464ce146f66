import type { SourceInfo } from '../engine/engine-api.ts'

export interface WatermarkOptions {
  readonly disorderMs: number
  readonly maxWaitMs: number
  readonly idleAfterMs: number
}

interface Source {
  readonly name: string
  maxEventMs: number
  lastBatchMs: number
  watermarkMs: number
}

/**
 * The watermark of a tenant: the least over the sources that are talking, each `disorderMs` behind its newest
 * event and never more than `maxWaitMs` behind the clock. It says up to where event time is complete.
 */
export class SourceWatermarks {
  readonly #options: WatermarkOptions
  readonly #sources = new Map<string, Source>()
  #watermarkMs = Number.NEGATIVE_INFINITY

  constructor(options: WatermarkOptions) {
    this.#options = options
  }

  /** Takes the greatest event time of a batch; `-Infinity` when it says nothing about progress. */
  observe(name: string, maxEventMs: number, nowMs: number): void {
    let source = this.#sources.get(name)
    if (source === undefined) {
      source = { name, maxEventMs, lastBatchMs: nowMs, watermarkMs: Number.NEGATIVE_INFINITY }
      this.#sources.set(name, source)
    }
    source.lastBatchMs = nowMs
    if (maxEventMs > source.maxEventMs) source.maxEventMs = maxEventMs
  }

  /** The watermark at `nowMs`; never goes back. */
  watermarkMs(nowMs: number): number {
    const floorMs = nowMs - this.#options.maxWaitMs
    let least = Number.POSITIVE_INFINITY
    for (const source of this.#sources.values()) {
      const ownMs = Math.min(source.maxEventMs, nowMs) - this.#options.disorderMs
      source.watermarkMs = Math.max(source.watermarkMs, ownMs, floorMs)
      if (!this.#isIdle(source, nowMs) && source.watermarkMs < least) least = source.watermarkMs
    }
    const watermarkMs = least === Number.POSITIVE_INFINITY ? floorMs : least
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs
    return this.#watermarkMs
  }

  infos(tenant: string, nowMs: number): SourceInfo[] {
    return [...this.#sources.values()].map((source) => ({
      source: source.name,
      tenant,
      kind: 'push' as const,
      state: this.#isIdle(source, nowMs) ? ('idle' as const) : ('active' as const),
      watermarkMs: source.watermarkMs,
      maxEventMs: source.maxEventMs,
      lastBatchMs: source.lastBatchMs,
      disorderMs: this.#options.disorderMs,
    }))
  }

  #isIdle(source: Source, nowMs: number): boolean {
    return nowMs - source.lastBatchMs >= this.#options.idleAfterMs
  }
}
