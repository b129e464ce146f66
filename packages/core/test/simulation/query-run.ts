import type { Query, SeriesDescriptor, WindowResult } from '../../src/index.ts'
import { Counts } from './counts.ts'
import type { LastWords } from './last-words.ts'
import { groupOf, reads } from './plan-of.ts'
import { type AcceptedSample, type Line, QueryModel, type SeenSample } from './query-model.ts'
import { holdRepaired } from './repaired.ts'
import type { QuerySpec } from './scenario.ts'
import { hold } from './violation.ts'

export interface QueryRunOptions {
  readonly query: Query
  readonly spec: QuerySpec
  readonly series: readonly SeriesDescriptor[]
  /** Every sample of the tenant that was accepted so far; grows. */
  readonly accepted: readonly AcceptedSample[]
}

/** A stored query during a run: one model for each version that still speaks. */
export class QueryRun {
  /** The same query in the engine that goes on. */
  query: Query
  /** Windows that held samples, over all versions that are gone. */
  windows = 0
  #spec: QuerySpec
  readonly #series: readonly SeriesDescriptor[]
  readonly #accepted: readonly AcceptedSample[]
  /** The newest version; undefined while the query rests. */
  #newest: QueryModel | undefined
  /** Versions that still have windows to finish. */
  #retired: QueryModel[] = []
  /** Versions that finished their windows, with the number of samples accepted until then: of later ones none knows. */
  #done: { readonly model: QueryModel; readonly accepted: number }[] = []
  /** Counts of versions that are gone. */
  #spent = new Counts()
  #sideCount = 0
  /** How far the query said it was just before the call that is under way. */
  #line: Line

  constructor({ query, spec, series, accepted }: QueryRunOptions, begins = true) {
    this.query = query
    this.#spec = spec
    this.#series = series
    this.#accepted = accepted
    this.#line = lineOf(query)
    if (begins) this.#begin()
  }

  /** As it is now, beside a tenant that took `accepted` so far. */
  copy(accepted: readonly AcceptedSample[]): QueryRun {
    const copy = new QueryRun({ query: this.query, spec: this.#spec, series: this.#series, accepted }, false)
    copy.windows = this.windows
    copy.#newest = this.#newest?.copy()
    copy.#retired = this.#retired.map((model) => model.copy())
    copy.#done = [...this.#done]
    copy.#spent = this.#spent.copy()
    copy.#sideCount = this.#sideCount
    copy.#line = this.#line
    return copy
  }

  get spec(): QuerySpec {
    return this.#spec
  }

  /** What an engine that died had said by other rules may stand. */
  noteDied(died: QueryRun | undefined): void {
    if (JSON.stringify(died?.spec.show) === JSON.stringify(this.#spec.show)) return
    for (const model of this.#speaking) model.forgetRules()
  }

  /** Goes on in another engine, which may have missed samples of before `gapUntilMs`. */
  goOn(query: Query, gapUntilMs: number): void {
    this.query = query
    // A snapshot does not know the versions that had finished.
    this.#done = []
    for (const model of this.#speaking) model.noteGap(gapUntilMs)
  }

  /** Notes how far the query is, before anything is done that may change it. */
  mark(): void {
    this.#line = lineOf(this.query)
  }

  takeSide(): void {
    this.#sideCount++
  }

  take(sample: AcceptedSample): void {
    for (const model of this.#speaking)
      if (this.#reads(model.spec, sample)) model.take(this.#seenBy(model.spec, sample), this.#line)
  }

  row(row: WindowResult): void {
    const model = this.#speaking.find(({ version }) => version === row.queryVersion)
    if (row.source === 'backfill') {
      // A version that has nothing more to say of its own can still be corrected.
      const own = model ?? this.#done.find(({ model: { version } }) => version === row.queryVersion)?.model
      if (own !== undefined) own.repairedRow(row, model === undefined ? FINAL : lineOf(this.query))
      else hold('ownership', false, () => `${row.query} v${row.queryVersion} is over and repairs ${row.startMs}`)
      return
    }
    if (model !== undefined) model.row(row, this.#line, this.query.progress().watermarkMs)
    else hold('ownership', false, () => `${row.query} v${row.queryVersion} is over and yet speaks of ${row.startMs}`)
  }

  /** After the clock moved. */
  tick(): void {
    const line = lineOf(this.query)
    for (const model of this.#speaking) model.tick(line)
    for (const model of this.#retired)
      if (model.isDone) {
        this.#spend(model)
        this.#done.push({ model, accepted: this.#accepted.length })
      }
    this.#retired = this.#retired.filter((model) => !model.isDone)
    const { toSide } = this.query.counters
    hold('side', this.#sideCount === toSide, () => `${this.query.name}: ${toSide} aside, ${this.#sideCount} told`)
  }

  /** The engine was told to change the query to `spec`; `versionBefore`: its version before that. */
  alter(spec: QuerySpec, versionBefore: number): void {
    this.#spec = spec
    const before = this.#newest
    if (before === undefined) return
    if (this.query.queryVersion === versionBefore) {
      before.alter(spec)
      // How long it waits for late samples is the query's, not the version's.
      for (const model of this.#retired) model.alter(withLateOf(model.spec, spec))
      return
    }
    this.#begin()
    const fromMs = this.#newest!.succeed()
    this.#retired.push(before)
    for (const model of this.#retired) model.retire(fromMs, this.#line)
  }

  resume(): void {
    if (this.#newest === undefined) this.#begin(true)
  }

  /** Paused or removed: what was held is dropped. */
  end(): void {
    for (const model of this.#speaking) this.#spend(model)
    this.#retired = []
    this.#done = []
    this.#newest = undefined
  }

  /** Holds what a reader has of every version against all samples. Returns how many of the rows were repaired. */
  holdRepaired(words: LastWords, mayBeStale: boolean): number {
    if (this.#newest === undefined) return 0
    const all = this.#accepted.length
    const versions = [...this.#done, ...this.#speaking.map((model) => ({ model, accepted: all }))]
    let repaired = 0
    for (const { model, accepted } of versions.filter((version) => version.model.isMended)) {
      const { tenant } = this.query
      const known = this.#accepted.slice(0, accepted).filter(({ isRepeat }) => !isRepeat)
      const others = this.#accepted.filter(({ isRepeat }, i) => isRepeat || i >= accepted)
      repaired += holdRepaired({
        ...{ tenant, model, words, mayBeStale },
        known: this.#seen(model.spec, known),
        others: this.#seen(model.spec, others),
      })
    }
    return repaired
  }

  holdLaw(): void {
    const wanted = new Counts()
    for (const counts of [this.#spent, ...this.#speaking.map((model) => model.counts)]) wanted.add(counts)
    const { matched, applied, lateApplied, toRepair, toSide, lateDropped, excluded } = this.query.counters
    const got = { matched, applied, lateApplied, tooLate: toRepair + toSide + lateDropped, excluded }
    const same = (Object.keys(got) as (keyof typeof got)[]).every((name) => got[name] === wanted[name])
    hold('query-law', same, () => `${this.query.name}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
    const sum = applied + lateApplied + got.tooLate + excluded
    hold('query-law', matched === sum, () => `${this.query.name}: ${matched} matched, ${sum} accounted for`)
  }

  get #speaking(): QueryModel[] {
    return this.#newest === undefined ? this.#retired : [...this.#retired, this.#newest]
  }

  #begin(wasPaused = false): void {
    const { query } = this
    if (query.state !== 'running') return
    const spec = this.#spec
    const before = this.#seen(spec, this.#accepted)
    const coversFromMs = query.coversFromMs ?? Number.NEGATIVE_INFINITY
    this.#newest = new QueryModel(query.name, query.queryVersion, spec, {
      line: lineOf(query),
      coversFromMs,
      wasPaused,
      before,
    })
  }

  /** A version is gone; what it counted stays with the query. */
  #spend(model: QueryModel): void {
    this.#spent.add(model.counts)
    this.windows += model.windows
  }

  #seen(spec: QuerySpec, samples: readonly AcceptedSample[]): SeenSample[] {
    return samples.filter((sample) => this.#reads(spec, sample)).map((sample) => this.#seenBy(spec, sample))
  }

  #reads(spec: QuerySpec, { series }: AcceptedSample): boolean {
    return reads(spec, this.query.tenant, this.#series[series]!)
  }

  #seenBy(spec: QuerySpec, sample: AcceptedSample): SeenSample {
    return { ...sample, group: groupOf(spec, this.#series[sample.series]!) }
  }
}

function withLateOf({ latenessMs: _, ...rest }: QuerySpec, { late, latenessMs }: QuerySpec): QuerySpec {
  return { ...rest, late, ...(latenessMs === undefined ? {} : { latenessMs }) }
}

const FINAL: Line = { watermarkMs: Number.POSITIVE_INFINITY, finalThroughMs: Number.POSITIVE_INFINITY }

function lineOf(query: Query): Line {
  const { watermarkMs, finalThroughMs } = query.progress()
  return { watermarkMs, finalThroughMs }
}
