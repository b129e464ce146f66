import type { ExponentialSketch } from '../aggregate/sketch/exponential/sketch.ts'
import type { StatsCells } from '../aggregate/stats-cells.ts'
import type { RowView } from './row.ts'
import type { Session } from './session-state.ts'

/** One session read as the window of its group. */
export class SessionView implements RowView {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  count(slot: number): number {
    return slot === this.#session.slot ? this.#session.stats.count(0) : 0
  }

  stats(): StatsCells {
    return this.#session.stats
  }

  sketch(): ExponentialSketch | undefined {
    return this.#session.sketch
  }

  hasBoundExtremes(): boolean {
    return this.#session.hasBoundExtremes
  }

  hasSeen(position: number): boolean {
    return this.#session.series.has(position)
  }
}
