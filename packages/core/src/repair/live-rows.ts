/**
 * Of a window, or a cell of sessions, that was repaired as far as it was final: what hung together with it and was
 * still live. It is repaired again when that is final.
 */
export interface LiveRows {
  /** End of the first row, or the last window, that was live. */
  readonly endMs: number
  /** Start of the latest row. */
  readonly startMs: number
}

/** When a window that was repaired in part is to be repaired again. */
export interface RepairedInPart {
  /** How far the query was for good the first time. */
  readonly firstMs: number
  /** How far it has to be the next time. */
  readonly againMs: number
  /** Rows that start later came after the late samples that set the mark: they hold none of them. */
  readonly startsThroughMs: number
}

/**
 * The time after the first one goes by the rows; from then on it is at least twice as far as the last one, as a session
 * may go on and on, and each repair computes the whole cell. `endMs` is that of the window or cell.
 */
export function repairedInPart(
  endMs: number,
  live: LiveRows,
  finalThroughMs: number,
  before: RepairedInPart | undefined,
): RepairedInPart {
  if (before === undefined) return { firstMs: finalThroughMs, againMs: live.endMs, startsThroughMs: live.startMs }
  const { firstMs, startsThroughMs } = before
  return { firstMs, againMs: Math.max(live.endMs, Math.min(2 * finalThroughMs - firstMs, endMs)), startsThroughMs }
}
