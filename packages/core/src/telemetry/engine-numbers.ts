/**
 * What an engine says about itself, as plain numbers: `engine.stats()`. Counters count since the engine was made, or
 * since the query was added, and never go down. Times are event times or the engine's clock in ms since the epoch;
 * one that is not known yet is `-Infinity`, and where that could be mistaken for a number, null.
 */
export interface EngineNumbers {
  /** The engine's clock when the numbers were taken; `-Infinity` while a manual clock was not set. */
  readonly nowMs: number
  /** Step of the system time that the engine's clock does not follow; 0 when there is none. Positive: system ahead. */
  readonly clockStepMs: number
  readonly seriesCount: number
  /** Windows' state, per-series progress and de-duplication; not what waits for the storage. */
  readonly stateBytes: number
  /** Panes and sessions held. */
  readonly paneCount: number
  /** Rows that wait for the storage. */
  readonly writeQueueRows: number
  /** Rows that may wait before batches are shed; 0 without a storage. */
  readonly writeQueueLimit: number
  /** Writes that failed, whether tried again or not. */
  readonly storageErrors: number
  /** When the newest complete snapshot was begun; null before the first. */
  readonly snapshotMs: number | null
  readonly tenants: readonly TenantNumbers[]
}

export interface TenantNumbers {
  readonly tenant: string
  /** Up to there event time is taken to be complete; `-Infinity` while the clock was not set. */
  readonly watermarkMs: number
  /** `nowMs` less the watermark; null while one of them is not known. */
  readonly lagMs: number | null
  /** Whether most of its sources say that the engine's own clock is slow. */
  readonly isClockSuspect: boolean
  readonly points: PointNumbers
  readonly sources: readonly SourceNumbers[]
  readonly queries: readonly QueryNumbers[]
  readonly counterPairs: CounterPairNumbers
  /** Panes and sessions of all its stores, each counted once. */
  readonly stateItems: number
  /** Bytes of all its stores, each counted once. */
  readonly stateBytes: number
  /** Windows that a late sample changed after they were final and that wait for their repair. */
  readonly dirtyWindows: number
}

/** The point law of a tenant: `received = accepted + rejected + duplicate + shed`. */
export interface PointNumbers {
  readonly received: number
  readonly accepted: number
  readonly duplicate: number
  readonly shed: number
  /** By reason. */
  readonly rejected: Readonly<Record<string, number>>
  /** Part of `duplicate`: same series and time, other value; the first one was kept. */
  readonly duplicateConflict: number
  /** Part of `accepted`: integers beyond 2^53 that were rounded. */
  readonly precisionLost: number
}

/**
 * Samples of counters that queries read as rate or increase, as they were paired with the one before; each counts once
 * a tenant, however many queries read it.
 */
export interface CounterPairNumbers {
  /** Showed that their counter began anew from zero. */
  readonly resets: number
  /** Gave no amount, as two writers of one series overlap. */
  readonly overlaps: number
  /** Gave no amount, as none can be told from the values: at infinity, or below zero after a reset. */
  readonly indeterminate: number
  /** Were paired before the watermark, as their series held too many. */
  readonly pairedEarly: number
}

export interface SourceNumbers {
  readonly source: string
  readonly kind: 'push' | 'polled'
  readonly state: 'active' | 'idle' | 'catching-up' | 'stalled'
  /** Why a `stalled` one is not waited for. */
  readonly reason?: 'no-progress' | 'pane-limit' | 'memory-limit'
  readonly watermarkMs: number
  readonly maxEventMs: number
  readonly lastBatchMs: number
  readonly disorderMs: number
  /** Records a polled source has left to read. */
  readonly backlog: number
}

export interface QueryNumbers {
  readonly query: string
  /** Owner of the windows to come; the counters are of all its versions. */
  readonly queryVersion: number
  /** Versions that still have windows, ascending, `queryVersion` last: an older one finishes those it owns. */
  readonly versions: readonly number[]
  readonly state: 'running' | 'paused' | 'invalid'
  readonly counters: QueryPointNumbers
  /** `nowMs` less the end of the newest window emitted; null before the first and while the query does not run. */
  readonly lagMs: number | null
  /** Windows that end at or before this change no more, repairs excepted; `-Infinity` before the first. */
  readonly finalThroughMs: number
  /** Rows emitted, early ones, revisions and retractions included. */
  readonly rowsEmitted: number
  /** How long after its end each window was first emitted in full; early rows and revisions do not count. */
  readonly fireDelayMs: DelayNumbers
  /** Panes or sessions of its store. Queries on the same series and groups may share one, and each reports all of it. */
  readonly stateItems: number
  /** Bytes of its store, shared likewise: they do not add up to the tenant's. */
  readonly stateBytes: number
}

/** The query law: `matched = applied + lateApplied + toRepair + toSide + lateDropped + excluded`. */
export interface QueryPointNumbers {
  readonly matched: number
  readonly applied: number
  readonly lateApplied: number
  readonly toRepair: number
  readonly toSide: number
  readonly lateDropped: number
  /** NaN, gaps the sender reported. */
  readonly excluded: number
}

/** Delays in ms: their mean is `sum / count`. All 0 before the first. */
export interface DelayNumbers {
  readonly count: number
  readonly sum: number
  readonly max: number
  readonly last: number
}
