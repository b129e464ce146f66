import type { SourceInfo, SourceState } from '../engine/engine-api.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { StateWriter } from '../snapshot/state-writer.ts'
import { Disorder } from './disorder.ts'

/**
 * Why a polled source that is behind is not waited for: it read nothing for too long, or what is kept for its sake
 * filled the panes or the memory there is.
 */
export type AbandonReason = 'no-progress' | 'pane-limit' | 'memory-limit'

/** What is known of a source, and, when it is `stalled`, why. */
export interface WatermarkSourceInfo extends SourceInfo {
  readonly reason?: AbandonReason
}

export interface WatermarkOptions {
  readonly disorderMs: number
  readonly maxWaitMs: number
  readonly idleAfterMs: number
  readonly stalledAfterMs: number
}

/** A source as the watermark sees it. */
export interface Source {
  readonly name: string
  readonly kind: 'push' | 'polled'
  disorder: Disorder
  maxEventMs: number
  lastBatchMs: number
  /** When it last sent something recent enough to tell how far it is; undefined before. */
  talkedMs: number | undefined
  watermarkMs: number
  /** Polled sources: records left unread; undefined until the first poll. */
  backlog: number | undefined
  /** When a polled source last got on: read something new or said that nothing is left. */
  progressMs: number
  /** Set while the source is behind and no longer waited for; gone once it has caught up. */
  abandoned: AbandonReason | undefined
}

/** Only ever appended to: their numbers are in snapshots. */
const KINDS = ['push', 'polled'] as const
const ABANDONED = [undefined, 'no-progress', 'pane-limit', 'memory-limit'] as const

export function newSource(name: string, kind: 'push' | 'polled', nowMs: number, options: WatermarkOptions): Source {
  return {
    name,
    kind,
    disorder: new Disorder(options.disorderMs, options.maxWaitMs),
    maxEventMs: Number.NEGATIVE_INFINITY,
    lastBatchMs: nowMs,
    talkedMs: undefined,
    watermarkMs: Number.NEGATIVE_INFINITY,
    backlog: undefined,
    progressMs: nowMs,
    abandoned: undefined,
  }
}

export function saveSource(writer: StateWriter, source: Source): void {
  writer.text(source.name)
  writer.u8(KINDS.indexOf(source.kind))
  writer.u8(ABANDONED.indexOf(source.abandoned))
  writer.f64(source.maxEventMs)
  writer.f64(source.lastBatchMs)
  // No time is NaN, and no backlog is negative.
  writer.f64(source.talkedMs ?? Number.NaN)
  writer.f64(source.watermarkMs)
  writer.f64(source.backlog ?? -1)
  writer.f64(source.progressMs)
  source.disorder.save(writer)
}

export function loadSource(reader: StateReader, options: WatermarkOptions): Source {
  const name = reader.text('source')
  const kind = KINDS[reader.index('kind of a source', KINDS.length)]!
  const source = newSource(name, kind, Number.NEGATIVE_INFINITY, options)
  source.abandoned = ABANDONED[reader.index('why a source is abandoned', ABANDONED.length)]
  source.maxEventMs = reader.f64('greatest event time')
  source.lastBatchMs = reader.f64('time of the last batch')
  const talkedMs = reader.f64('time of the last talk')
  source.talkedMs = Number.isNaN(talkedMs) ? undefined : talkedMs
  source.watermarkMs = reader.f64('watermark')
  const backlog = reader.f64('backlog')
  source.backlog = backlog >= 0 ? backlog : undefined
  source.progressMs = reader.f64('time of progress')
  source.disorder.load(reader)
  return source
}

/** A polled source that was never polled, or has unread records and is further back than the clock would allow. */
export function isBehind(source: Source, nowMs: number, maxWaitMs: number): boolean {
  if (source.kind === 'push') return false
  if (source.backlog === undefined) return true
  return source.backlog > 0 && source.maxEventMs < nowMs - maxWaitMs
}

export function sourceState(source: Source, nowMs: number, options: WatermarkOptions): SourceState {
  if (isBehind(source, nowMs, options.maxWaitMs)) return source.abandoned === undefined ? 'catching-up' : 'stalled'
  if (source.talkedMs === undefined) return 'idle'
  return nowMs - source.talkedMs >= options.idleAfterMs ? 'idle' : 'active'
}

/** The minimum is taken over these: sources that talk, and those that catch up. */
export function isWaitedFor(source: Source, nowMs: number, options: WatermarkOptions): boolean {
  const state = sourceState(source, nowMs, options)
  return state === 'active' || state === 'catching-up'
}
