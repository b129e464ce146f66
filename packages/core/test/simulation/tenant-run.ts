import type { EngineStats, IngestResult, PolledSource } from '../../src/index.ts'
import type { AcceptedSample } from './query-model.ts'
import type { Point } from './scenario.ts'
import type { ScreenModel, Verdict } from './screen-model.ts'
import { SourceModel } from './source-model.ts'
import { hold } from './violation.ts'

/** A tenant during a run: what it sent, what was taken of it, and the sources it has open. */
export class TenantRun {
  readonly sources: SourceModel
  readonly handles: Map<string, PolledSource> = new Map()
  /** Where reading of a partition goes on, as a number. */
  readonly places: Map<string, number> = new Map()
  readonly accepted: AcceptedSample[] = []
  readonly #screen: ScreenModel
  readonly #points = { received: 0, accepted: 0, duplicate: 0, rejected: 0 }

  constructor(screen: ScreenModel, sources: SourceModel = new SourceModel()) {
    this.#screen = screen
    this.sources = sources
  }

  /** As it is now, to go on from later. */
  copy(): TenantRun {
    const copy = new TenantRun(this.#screen.copy(), this.sources.copy())
    for (const [source, handle] of this.handles) copy.handles.set(source, handle)
    for (const [source, place] of this.places) copy.places.set(source, place)
    copy.accepted.push(...this.accepted)
    Object.assign(copy.#points, this.#points)
    return copy
  }

  allowLateness(latenessMs: number): void {
    this.#screen.allowLateness(latenessMs)
  }

  tick(nowMs: number): void {
    this.#screen.tick(nowMs)
  }

  /** What should become of each point; later than `newestMs` none is taken. */
  judge(points: readonly Point[], batchId: string | undefined, nowMs: number, newestMs: number): Verdict[] {
    return this.#screen.batch(points, batchId, nowMs, newestMs)
  }

  /** Holds the answer to a batch against the verdicts; returns what was accepted, in order. */
  holdAnswer(
    { points, batchId }: { readonly points: readonly Point[]; readonly batchId: string | undefined },
    verdicts: readonly Verdict[],
    result: IngestResult,
  ): AcceptedSample[] {
    const count = (verdict: Verdict): number => verdicts.filter((each) => each === verdict).length
    const acceptedCount = count('accepted') + count('forgotten')
    const wanted = [acceptedCount, count('duplicate'), 0, count('rejected')]
    const got = [result.accepted, result.duplicates, result.shed, result.rejected.length]
    hold('screen', String(got) === String(wanted), () => `accepted, duplicate, shed, rejected: ${got}, not ${wanted}`)
    for (const { index } of result.rejected)
      hold('screen', verdicts[index] === 'rejected', () => `row ${index} was rejected at ${points[index]?.timeMs}`)
    if (result.clockSuspect && result.accepted === 0 && batchId !== undefined) this.#screen.forget(batchId)
    this.#points.received += points.length
    this.#points.accepted += acceptedCount
    this.#points.duplicate += count('duplicate')
    this.#points.rejected += count('rejected')
    const accepted = points
      .map((point, i) => ({ ...point, isRepeat: verdicts[i] === 'forgotten', isTaken: verdicts[i] === 'accepted' }))
      .filter(({ isRepeat, isTaken }) => isRepeat || isTaken)
      .map(({ series, timeMs, value, gap, isRepeat }) => ({
        series,
        timeMs,
        value,
        isExcluded: gap === true || Number.isNaN(value),
        isRepeat,
      }))
    this.accepted.push(...accepted)
    return accepted
  }

  /** The point law in sum; of each batch it is held by its answer. */
  holdPointLaw({ tenant, points }: EngineStats['tenants'][number]): void {
    const { received, accepted, duplicate, rejected } = this.#points
    const allRejected = Object.values(points.rejected).reduce((sum, count) => sum + count, 0)
    const got = [points.received, points.accepted, points.duplicate, allRejected, points.shed]
    const own = [received, accepted, duplicate, rejected, 0]
    hold('point-law', String(got) === String(own), () => `${tenant}: ${got}, not ${own}`)
  }
}
