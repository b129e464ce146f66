import type { SourceInfo, SourceState } from '../engine/engine-api.ts'
import type { Disorder } from './disorder.ts'

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
  readonly disorder: Disorder
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
