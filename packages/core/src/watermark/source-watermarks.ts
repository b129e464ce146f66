import type { SourceInfo, SourceState } from '../engine/engine-api.ts'
import { Disorder } from './disorder.ts'

export interface WatermarkOptions {
  readonly disorderMs: number
  readonly maxWaitMs: number
  readonly idleAfterMs: number
  readonly stalledAfterMs: number
}

interface Source {
  readonly name: string
  readonly kind: 'push' | 'polled'
  readonly disorder: Disorder
  maxEventMs: number
  lastBatchMs: number
  /** When it last sent something recent enough to tell how far it is. */
  talkedMs: number
  watermarkMs: number
  /** Polled sources: records left unread; undefined until the first poll. */
  backlog: number | undefined
  /** When a polled source last read something or said that nothing is left. */
  progressMs: number
  /** Held the others for too long; not waited for until it has caught up. */
  abandoned: boolean
}

/**
 * The watermark of a tenant: the least over the sources that are waited for. A source is as far as its newest event
 * less its disorder, and, unless it has a backlog, never more than `maxWaitMs` behind the clock. Sources that are
 * idle or stalled are not waited for; with none left the clock alone decides.
 */
export class SourceWatermarks {
  readonly #options: WatermarkOptions
  readonly #sources = new Map<string, Source>()
  #watermarkMs = Number.NEGATIVE_INFINITY

  constructor(options: WatermarkOptions) {
    this.#options = options
  }

  /** Registers a polled source, which holds the watermark until its first poll. False when the name is taken. */
  open(name: string, nowMs: number): boolean {
    if (this.#sources.has(name)) return false
    const source = this.#add(name, 'polled', nowMs)
    source.watermarkMs = this.#watermarkMs
    return true
  }

  close(name: string): void {
    this.#sources.delete(name)
  }

  /** The kind under which the source is known, if it is. */
  kindOf(name: string): 'push' | 'polled' | undefined {
    return this.#sources.get(name)?.kind
  }

  /**
   * Takes a batch that arrived: its times, and the greatest one that says something about progress (`-Infinity` for
   * none). `backlog`: records a polled source has left to read.
   */
  observe(
    name: string,
    maxEventMs: number,
    timestampsMs: Float64Array,
    length: number,
    nowMs: number,
    backlog = 0,
  ): void {
    const source = this.#sources.get(name) ?? this.#add(name, 'push', nowMs)
    source.lastBatchMs = nowMs
    source.progressMs = nowMs
    // Old data alone, however much of it, tells nothing about the present: nobody waits for an upload of yesterday.
    if (maxEventMs >= nowMs - this.#options.maxWaitMs) source.talkedMs = nowMs
    if (maxEventMs > source.maxEventMs) source.maxEventMs = maxEventMs
    if (source.kind === 'polled') source.backlog = backlog
    // What a source reads while it catches up was late for its own reasons.
    if (!this.#hasBacklog(source, nowMs)) source.disorder.observe(timestampsMs, length, nowMs)
  }

  /** A polled source read to the end. */
  caughtUp(name: string, nowMs: number): void {
    const source = this.#sources.get(name)
    if (source === undefined) return
    source.backlog = 0
    source.progressMs = nowMs
  }

  /** The watermark at `nowMs`; never goes back. */
  watermarkMs(nowMs: number): number {
    const floorMs = nowMs - this.#options.maxWaitMs
    let least = Number.POSITIVE_INFINITY
    for (const source of this.#sources.values()) {
      source.disorder.settle()
      const behind = this.#hasBacklog(source, nowMs)
      const stalled = behind && nowMs - source.progressMs >= this.#options.stalledAfterMs
      source.abandoned = behind && (source.abandoned || stalled)
      const ownMs = Math.min(source.maxEventMs, nowMs) - source.disorder.ms
      source.watermarkMs = Math.max(source.watermarkMs, ownMs, behind ? Number.NEGATIVE_INFINITY : floorMs)
      if (this.#isWaitedFor(source, nowMs) && source.watermarkMs < least) least = source.watermarkMs
    }
    const watermarkMs = least === Number.POSITIVE_INFINITY ? floorMs : least
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs
    return this.#watermarkMs
  }

  /** The source for whose sake the watermark is where it is; undefined when the clock alone decides. */
  slowest(nowMs: number): string | undefined {
    let slowest: Source | undefined
    for (const source of this.#sources.values())
      if (this.#isWaitedFor(source, nowMs) && (slowest === undefined || source.watermarkMs < slowest.watermarkMs))
        slowest = source
    return slowest?.name
  }

  infos(tenant: string, nowMs: number): SourceInfo[] {
    return [...this.#sources.values()].map((source) => ({
      source: source.name,
      tenant,
      kind: source.kind,
      state: this.#stateOf(source, nowMs),
      watermarkMs: source.watermarkMs,
      maxEventMs: source.maxEventMs,
      lastBatchMs: source.lastBatchMs,
      disorderMs: source.disorder.ms,
      backlog: source.backlog ?? 0,
    }))
  }

  #add(name: string, kind: 'push' | 'polled', nowMs: number): Source {
    const { disorderMs, maxWaitMs } = this.#options
    const source: Source = {
      name,
      kind,
      disorder: new Disorder(disorderMs, maxWaitMs),
      maxEventMs: Number.NEGATIVE_INFINITY,
      lastBatchMs: nowMs,
      talkedMs: Number.NEGATIVE_INFINITY,
      watermarkMs: Number.NEGATIVE_INFINITY,
      backlog: undefined,
      progressMs: nowMs,
      abandoned: false,
    }
    this.#sources.set(name, source)
    return source
  }

  /** A polled source that was never polled, or has unread records and is further back than the clock would allow. */
  #hasBacklog(source: Source, nowMs: number): boolean {
    if (source.kind === 'push') return false
    if (source.backlog === undefined) return true
    return source.backlog > 0 && source.maxEventMs < nowMs - this.#options.maxWaitMs
  }

  #isWaitedFor(source: Source, nowMs: number): boolean {
    const state = this.#stateOf(source, nowMs)
    return state === 'active' || state === 'catching-up'
  }

  #stateOf(source: Source, nowMs: number): SourceState {
    if (source.abandoned) return 'stalled'
    if (this.#hasBacklog(source, nowMs)) return 'catching-up'
    return nowMs - source.talkedMs >= this.#options.idleAfterMs ? 'idle' : 'active'
  }
}
