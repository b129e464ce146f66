import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import {
  type AbandonReason,
  isBehind,
  isWaitedFor,
  loadSource,
  newSource,
  type Source,
  saveSource,
  sourceState,
  type WatermarkOptions,
  type WatermarkSourceInfo,
} from './source.ts'

/** A source that sends nothing for this long is forgotten, unless it is open: names that come and go need no memory. */
const FORGET_AFTER_MS = 3_600_000

/**
 * The watermark of a tenant: the least over the sources that are waited for. A source is as far as its newest event
 * less its disorder, and, unless it has a backlog, never more than `maxWaitMs` behind the clock. Sources that are
 * idle or stalled are not waited for; with none left the clock alone decides.
 */
export class SourceWatermarks {
  readonly #options: WatermarkOptions
  readonly #sources = new Map<string, Source>()
  /** Polled sources of before a restore that were not opened again yet. */
  readonly #unopened = new Map<string, Source>()
  #watermarkMs = Number.NEGATIVE_INFINITY
  #isClockSet = false

  constructor(options: WatermarkOptions) {
    this.#options = options
  }

  /** Registers a polled source, which holds the watermark until its first poll. False when the name is taken. */
  open(name: string, nowMs: number): boolean {
    this.#noticeClock(nowMs)
    if (this.#sources.has(name)) return false
    const source = this.#add(name, 'polled', nowMs)
    const before = this.#unopened.get(name)
    if (before !== undefined) {
      this.#unopened.delete(name)
      source.maxEventMs = before.maxEventMs
      source.disorder = before.disorder
    }
    source.watermarkMs = this.#watermarkMs
    return true
  }

  /** Forgets a polled source. */
  close(name: string): void {
    if (this.isOpen(name)) this.#sources.delete(name)
  }

  /** Whether a polled source of that name was registered and not closed. */
  isOpen(name: string): boolean {
    return this.kindOf(name) === 'polled'
  }

  /** The kind under which the source is known, if it is. */
  kindOf(name: string): 'push' | 'polled' | undefined {
    return this.#sources.get(name)?.kind
  }

  /**
   * Takes a batch that arrived: its times, and the greatest one that says something about progress (`-Infinity` for
   * none). `backlog`: records a polled source has left to read; a push source has none. False, and nothing is taken,
   * when there is a backlog but no open polled source of that name.
   */
  observe(
    name: string,
    maxEventMs: number,
    timestampsMs: Float64Array,
    length: number,
    nowMs: number,
    backlog?: number,
  ): boolean {
    this.#noticeClock(nowMs)
    if (backlog !== undefined && !this.isOpen(name)) return false
    const source = this.#sources.get(name) ?? this.#add(name, 'push', nowMs)
    source.lastBatchMs = nowMs
    if (source.kind === 'polled') this.#takeBacklog(source, backlog ?? 0, maxEventMs, nowMs)
    // Old data alone, however much of it, tells nothing about the present: nobody waits for an upload of yesterday.
    if (maxEventMs > Number.NEGATIVE_INFINITY && maxEventMs >= nowMs - this.#options.maxWaitMs) source.talkedMs = nowMs
    if (maxEventMs > source.maxEventMs) source.maxEventMs = maxEventMs
    // What a source reads while it catches up was late for its own reasons.
    if (!this.#isBehind(source, nowMs)) source.disorder.observe(timestampsMs, length, nowMs)
    return true
  }

  /** A polled source read to the end. */
  caughtUp(name: string, nowMs: number): void {
    this.#noticeClock(nowMs)
    const source = this.#sources.get(name)
    if (source?.kind !== 'polled') return
    source.backlog = 0
    source.progressMs = nowMs
  }

  /**
   * Waits no longer for the source that is furthest behind, until it has caught up; what it brings meanwhile is late.
   * For whoever keeps the state of open windows to call when that state has filled 80 % of what it may take: once,
   * then the watermark has to be acted on before the fill is looked at again. Returns the source's name; undefined
   * when the watermark is not held back by a source that catches up, so that nothing would come of it.
   */
  abandonSlowest(nowMs: number, reason: Exclude<AbandonReason, 'no-progress'>): string | undefined {
    this.watermarkMs(nowMs)
    const source = this.#slowest(nowMs)
    // Only a source that catches up is ever further back than this.
    if (source === undefined || source.watermarkMs >= nowMs - this.#options.maxWaitMs) return undefined
    source.abandoned = reason
    return source.name
  }

  /** The watermark at `nowMs`; never goes back. */
  watermarkMs(nowMs: number): number {
    this.#noticeClock(nowMs)
    const floorMs = nowMs - this.#options.maxWaitMs
    let least = Number.POSITIVE_INFINITY
    for (const source of this.#sources.values()) {
      if (source.kind === 'push' && nowMs - source.lastBatchMs >= FORGET_AFTER_MS) {
        this.#sources.delete(source.name)
        continue
      }
      source.disorder.settle()
      const behind = this.#isBehind(source, nowMs)
      if (!behind) source.abandoned = undefined
      else if (nowMs - source.progressMs >= this.#options.stalledAfterMs) source.abandoned ??= 'no-progress'
      const ownMs = Math.min(source.maxEventMs, nowMs) - source.disorder.ms
      source.watermarkMs = Math.max(source.watermarkMs, ownMs, behind ? Number.NEGATIVE_INFINITY : floorMs)
      if (isWaitedFor(source, nowMs, this.#options) && source.watermarkMs < least) least = source.watermarkMs
    }
    for (const { name, lastBatchMs } of this.#unopened.values())
      if (nowMs - lastBatchMs >= FORGET_AFTER_MS) this.#unopened.delete(name)
    const watermarkMs = least === Number.POSITIVE_INFINITY ? floorMs : least
    if (watermarkMs > this.#watermarkMs) this.#watermarkMs = watermarkMs
    return this.#watermarkMs
  }

  /** The source for whose sake the watermark is where it is; undefined when the clock alone decides. */
  slowest(nowMs: number): string | undefined {
    return this.#slowest(nowMs)?.name
  }

  infos(tenant: string, nowMs: number): WatermarkSourceInfo[] {
    return [...this.#sources.values()].map((source) => {
      const state = sourceState(source, nowMs, this.#options)
      return {
        source: source.name,
        tenant,
        kind: source.kind,
        state,
        ...(state === 'stalled' && source.abandoned !== undefined ? { reason: source.abandoned } : {}),
        watermarkMs: source.watermarkMs,
        maxEventMs: source.maxEventMs,
        lastBatchMs: source.lastBatchMs,
        disorderMs: source.disorder.ms,
        backlog: source.backlog ?? 0,
      }
    })
  }

  /** Writes the watermark and its sources, with how disordered each was. */
  save(writer: StateWriter): void {
    writer.f64(this.#watermarkMs)
    writer.boolean(this.#isClockSet)
    const sources = [...this.#sources.values(), ...this.#unopened.values()]
    writer.varint(sources.length)
    for (const source of sources) saveSource(writer, source)
  }

  /**
   * Takes on what `save` wrote, before anything else is heard. A polled source is not there until it is opened again;
   * it then goes on from where it was, and holds the watermark until its first poll as any does.
   */
  load(reader: StateReader): void {
    const watermarkMs = reader.f64('watermark')
    if (Number.isNaN(watermarkMs)) reader.corrupt('the watermark is no time')
    this.#watermarkMs = watermarkMs
    this.#isClockSet = reader.boolean('whether the clock is set')
    for (let left = reader.count('sources'); left > 0; left--) {
      const source = loadSource(reader, this.#options)
      const sources = source.kind === 'push' ? this.#sources : this.#unopened
      sources.set(source.name, source)
    }
  }

  #add(name: string, kind: 'push' | 'polled', nowMs: number): Source {
    const source = newSource(name, kind, nowMs, this.#options)
    this.#sources.set(name, source)
    return source
  }

  /** A batch that is read over and over, with no less behind it and nothing newer in it, is no progress. */
  #takeBacklog(source: Source, backlog: number, maxEventMs: number, nowMs: number): void {
    const isStuck =
      source.backlog !== undefined &&
      source.backlog > 0 &&
      backlog >= source.backlog &&
      !(maxEventMs > source.maxEventMs)
    if (!isStuck) source.progressMs = nowMs
    source.backlog = backlog
  }

  /** What happened while a manual clock was not set yet happened when it first is: waiting times begin there. */
  #noticeClock(nowMs: number): void {
    if (this.#isClockSet || !Number.isFinite(nowMs)) return
    this.#isClockSet = true
    for (const source of this.#sources.values()) {
      source.lastBatchMs = nowMs
      source.progressMs = nowMs
      if (source.talkedMs !== undefined) source.talkedMs = nowMs
    }
  }

  #slowest(nowMs: number): Source | undefined {
    let slowest: Source | undefined
    for (const source of this.#sources.values())
      if (
        isWaitedFor(source, nowMs, this.#options) &&
        (slowest === undefined || source.watermarkMs < slowest.watermarkMs)
      )
        slowest = source
    return slowest
  }

  #isBehind(source: Source, nowMs: number): boolean {
    return isBehind(source, nowMs, this.#options.maxWaitMs)
  }
}
