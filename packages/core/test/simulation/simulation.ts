import { createHash } from 'node:crypto'
import {
  createEngine,
  createSampleBatch,
  type Engine,
  type IngestResult,
  type PolledSource,
  type Query,
  type SampleBatch,
  SampleFlag,
  type SeriesRef,
  type WindowResult,
} from '../../src/index.ts'
import { holdHistory } from './history.ts'
import { groupOf, planOf, reads } from './plan-of.ts'
import { Counts } from './counts.ts'
import { type AcceptedSample, type Line, QueryModel, type SeenSample } from './query-model.ts'
import { SampleShelf } from './sample-shelf.ts'
import type { Point, QuerySpec, Scenario, Step } from './scenario.ts'
import { ScreenModel, type Verdict } from './screen-model.ts'
import { SourceModel } from './source-model.ts'
import { hold, Violation } from './violation.ts'

export interface RunReport {
  /** Of everything the engine said, in order. */
  readonly hash: string
  readonly accepted: number
  readonly rows: number
  readonly windows: number
}

interface TenantState {
  readonly screen: ScreenModel
  readonly sources: SourceModel
  readonly handles: Map<string, PolledSource>
  readonly accepted: AcceptedSample[]
  readonly points: { received: number; accepted: number; duplicate: number; rejected: number }
}

interface QueryState {
  readonly tenant: string
  readonly query: Query
  spec: QuerySpec
  /** The newest version; undefined while it rests. */
  model: QueryModel | undefined
  /** Versions that still have windows to finish. */
  retired: QueryModel[]
  /** Counts of versions that are gone. */
  readonly spent: Counts
  /** Samples handed to whoever listens for late ones. */
  sideCount: number
  line: Line
}

/** Plays a scenario to an engine and holds every promise after every step. Throws `Violation`. */
export async function runScenario(scenario: Scenario): Promise<RunReport> {
  return new Simulation(scenario).run()
}

class Simulation {
  readonly #scenario: Scenario
  readonly #engine: Engine
  readonly #refs: SeriesRef[] = []
  readonly #tenants = new Map<string, TenantState>()
  readonly #queries = new Map<string, QueryState>()
  readonly #specs: { readonly tenant: string; readonly spec: QuerySpec }[] = []
  readonly #hash = createHash('sha256')
  readonly #batch: SampleBatch = createSampleBatch(256)
  #nowMs: number
  #rows = 0
  #windows = 0
  /** What a listener found; the engine keeps errors of listeners to itself. */
  #found: unknown

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#nowMs = scenario.startMs
    this.#engine = createEngine({
      clock: 'manual',
      ...scenario.options,
      ...(scenario.stored ? { storage: new SampleShelf() } : {}),
      onError: (error) => {
        this.#found ??= error
      },
    })
  }

  async run(): Promise<RunReport> {
    await using engine = this.#engine
    engine.advanceTo(this.#nowMs)
    for (const [i, step] of this.#scenario.steps.entries())
      try {
        this.#play(step)
        this.#throwFound()
        this.#holdLaws()
      } catch (error) {
        if (error instanceof Violation) error.message += ` (step ${i}: ${step.do})`
        throw error
      }
    if (this.#scenario.stored) {
      await engine.flush()
      for (const { tenant, spec } of this.#specs.slice(0, 3))
        await holdHistory(engine, tenant, spec, this.#scenario.series, this.#tenant(tenant).accepted)
    }
    for (const state of this.#queries.values()) this.#endLife(state)
    return {
      hash: this.#hash.digest('hex'),
      accepted: [...this.#tenants.values()].reduce((sum, { points }) => sum + points.accepted, 0),
      rows: this.#rows,
      windows: this.#windows,
    }
  }

  #play(step: Step): void {
    if (step.do === 'tick') return this.#tick(step.nowMs)
    const { tenant } = step
    const state = this.#tenant(tenant)
    switch (step.do) {
      case 'push':
        return this.#ingest(tenant, step.points, step.batchId, (batch) =>
          this.#engine.ingest(batch, {
            tenant,
            source: step.source,
            ...(step.batchId === undefined ? {} : { batchId: step.batchId }),
          }),
        )
      case 'open':
        if (state.handles.has(step.source)) return
        state.sources.open(step.source, this.#nowMs)
        state.handles.set(step.source, this.#engine.source(step.source, { kind: 'polled', tenant }))
        return
      case 'poll': {
        const handle = state.handles.get(step.source)
        if (handle === undefined) return
        const { points, batchId, backlog, source } = step
        const accepted = state.accepted.length
        this.#ingest(tenant, points, batchId, (batch) => handle.ingest(batch, { batchId, backlog }))
        const limitMs = this.#nowMs + (this.#scenario.options.futureHoldMs ?? Number.POSITIVE_INFINITY)
        const times = state.accepted.slice(accepted).map((sample) => sample.timeMs)
        const maxMs = Math.max(Number.NEGATIVE_INFINITY, ...times.filter((timeMs) => timeMs <= limitMs))
        state.sources.poll(source, backlog, maxMs, this.#nowMs)
        return
      }
      case 'caughtUp':
        if (!state.handles.has(step.source)) return
        state.handles.get(step.source)!.caughtUp()
        state.sources.poll(step.source, 0, Number.NEGATIVE_INFINITY, this.#nowMs)
        return
      case 'close':
        state.handles.get(step.source)?.close()
        state.handles.delete(step.source)
        state.sources.close(step.source)
        return
      default:
        this.#operate(step)
    }
  }

  #operate(step: Step & { readonly query: string }): void {
    const { tenant } = step
    const key = `${tenant}/${step.query}`
    const known = this.#queries.get(key)
    if (step.do === 'add') {
      if (known !== undefined) return
      const query = this.#engine.addQuery(step.query, planOf(step.spec), { tenant })
      const state: QueryState = { tenant, query, spec: step.spec, model: undefined, retired: [], spent: new Counts(), sideCount: 0, line: lineOf(query) }
      this.#queries.set(key, state)
      query.subscribe((row) => this.#onRow(state, row))
      query.subscribeLate(() => {
        state.sideCount++
      })
      this.#beginLife(state)
      return
    }
    if (known === undefined) return
    switch (step.do) {
      case 'alter': {
        const version = known.query.queryVersion
        known.line = lineOf(known.query)
        this.#engine.alterQuery(step.query, planOf(step.spec), { tenant })
        known.spec = step.spec
        if (known.model === undefined) return
        if (known.query.queryVersion === version) known.model.spec = step.spec
        else this.#succeed(known, known.model)
        return
      }
      case 'pause':
        known.query.pause()
        this.#endLife(known)
        return
      case 'resume':
        known.query.resume()
        if (known.model === undefined) this.#beginLife(known)
        return
      case 'remove':
        this.#engine.removeQuery(step.query, { tenant })
        this.#endLife(known)
        this.#queries.delete(key)
        return
    }
  }

  #tick(nowMs: number): void {
    this.#nowMs = nowMs
    for (const { screen } of this.#tenants.values()) screen.tick(nowMs)
    for (const state of this.#queries.values()) state.line = lineOf(state.query)
    this.#engine.advanceTo(nowMs)
    this.#throwFound()
    for (const [name, { sources }] of this.#tenants) sources.tick(name, this.#watermarkMs(name), nowMs)
    for (const state of this.#queries.values()) {
      const line = lineOf(state.query)
      for (const model of [...state.retired, state.model]) model?.tick(line)
      for (const model of state.retired) if (model.isDone) this.#spend(state, model)
      state.retired = state.retired.filter((model) => !model.isDone)
      const { toSide } = state.query.counters
      hold('side', state.sideCount === toSide, () => `${state.query.name}: ${toSide} to the side, ${state.sideCount} told`)
    }
  }

  #ingest(
    tenant: string,
    points: readonly Point[],
    batchId: string | undefined,
    send: (batch: SampleBatch) => IngestResult,
  ): void {
    const state = this.#tenant(tenant)
    const newestMs = this.#nowMs + (this.#scenario.options.maxFutureMs ?? Number.POSITIVE_INFINITY)
    const verdicts = state.screen.batch(points, batchId, this.#nowMs, newestMs)
    for (const query of this.#queries.values()) query.line = lineOf(query.query)
    const result = send(this.#fill(points))
    this.#holdScreen(state, points, verdicts, result)
    for (const [i, { series, timeMs, value, gap }] of points.entries()) {
      if (verdicts[i] !== 'accepted') continue
      const sample: AcceptedSample = { series, timeMs, value, isExcluded: gap === true || Number.isNaN(value) }
      state.accepted.push(sample)
      for (const { tenant: owner, model: newest, retired, line } of this.#queries.values())
        for (const model of [...retired, newest])
          if (model !== undefined && reads(model.spec, owner, this.#scenario.series[series]!))
            model.take(this.#seenBy(model.spec, sample), line)
    }
    this.#hash.update(JSON.stringify(result))
  }

  #holdScreen(state: TenantState, points: readonly Point[], verdicts: readonly Verdict[], result: IngestResult): void {
    const count = (verdict: Verdict): number => verdicts.filter((each) => each === verdict).length
    state.points.received += points.length
    state.points.accepted += count('accepted')
    state.points.duplicate += count('duplicate')
    state.points.rejected += count('rejected')
    const wanted = [count('accepted'), count('duplicate'), 0, count('rejected')]
    const got = [result.accepted, result.duplicates, result.shed, result.rejected.length]
    hold('screen', String(got) === String(wanted), () => `accepted, duplicate, shed, rejected: ${got}, not ${wanted}`)
    for (const { index } of result.rejected)
      hold('screen', verdicts[index] === 'rejected', () => `row ${index} was rejected at ${points[index]?.timeMs}`)
  }

  /** The point law and the query law, after every step. */
  #holdLaws(): void {
    for (const { tenant, points, watermarkMs } of this.#engine.stats().tenants) {
      const { sources, points: wanted } = this.#tenant(tenant)
      sources.still(tenant, watermarkMs, this.#nowMs)
      const rejected = Object.values(points.rejected).reduce((sum, count) => sum + count, 0)
      const got = [points.received, points.accepted, points.duplicate, rejected, points.shed]
      const own = [wanted.received, wanted.accepted, wanted.duplicate, wanted.rejected, 0]
      hold('point-law', String(got) === String(own), () => `${tenant}: ${got}, not ${own}`)
    }
    for (const { query, model, retired, spent } of this.#queries.values()) {
      const wanted = new Counts()
      for (const counts of [spent, model?.counts, ...retired.map((each) => each.counts)])
        if (counts !== undefined) wanted.add(counts)
      const { matched, applied, lateApplied, toRepair, toSide, lateDropped, excluded } = query.counters
      const got = { matched, applied, lateApplied, tooLate: toRepair + toSide + lateDropped, excluded }
      const same = (Object.keys(got) as (keyof typeof got)[]).every((name) => got[name] === wanted[name])
      hold('query-law', same, () => `${query.name}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
      const sum = applied + lateApplied + toRepair + toSide + lateDropped + excluded
      hold('query-law', matched === sum, () => `${query.name}: ${matched} matched, ${sum} accounted for`)
    }
  }

  #onRow(state: QueryState, row: WindowResult): void {
    this.#hash.update(JSON.stringify(row))
    this.#rows++
    try {
      const model = [...state.retired, state.model].find((each) => each?.version === row.queryVersion)
      hold('ownership', model !== undefined, () => `${row.query} v${row.queryVersion} is over and yet speaks of ${row.startMs}`)
      model?.row(row, state.line, state.query.progress().watermarkMs)
    } catch (error) {
      this.#found ??= error
    }
  }

  #beginLife(state: QueryState): void {
    const { query, spec, tenant } = state
    if (query.state !== 'running') return
    this.#specs.push({ tenant, spec })
    const before = this.#tenant(tenant)
      .accepted.filter(({ series }) => reads(spec, tenant, this.#scenario.series[series]!))
      .map((sample) => this.#seenBy(spec, sample))
    const coversFromMs = query.coversFromMs ?? Number.NEGATIVE_INFINITY
    const beginning = { line: lineOf(query), coversFromMs, before }
    state.model = new QueryModel(query.name, query.queryVersion, spec, beginning)
  }

  /** The next version begins; the one before finishes the windows before the new one's first. */
  #succeed(state: QueryState, before: QueryModel): void {
    const { line } = state
    this.#beginLife(state)
    const fromMs = state.model!.succeed()
    state.retired.push(before)
    for (const model of state.retired) model.retire(fromMs, line)
  }

  /** A version is gone; what it counted stays with the query. */
  #spend(state: QueryState, model: QueryModel): void {
    state.spent.add(model.counts)
    this.#windows += model.windows
  }

  #endLife(state: QueryState): void {
    for (const model of [...state.retired, state.model]) if (model !== undefined) this.#spend(state, model)
    state.retired = []
    state.model = undefined
  }

  #seenBy(spec: QuerySpec, sample: AcceptedSample): SeenSample {
    return { ...sample, group: groupOf(spec, this.#scenario.series[sample.series]!) }
  }

  #fill(points: readonly Point[]): SampleBatch {
    const batch = this.#batch
    batch.clear()
    for (const { series, timeMs, value, startMs, gap } of points) {
      this.#refs[series] ??= this.#engine.registry.register(this.#scenario.series[series]!)
      const row = batch.push(this.#refs[series]!, timeMs, value)
      if (startMs !== undefined) batch.setStartTime(row, startMs)
      if (gap === true) batch.setFlags(row, SampleFlag.noRecordedValue)
    }
    return batch
  }

  #watermarkMs(tenant: string): number {
    return this.#engine.stats().tenants.find((each) => each.tenant === tenant)?.watermarkMs ?? Number.NEGATIVE_INFINITY
  }

  #tenant(name: string): TenantState {
    const known = this.#tenants.get(name)
    if (known !== undefined) return known
    const state: TenantState = {
      screen: new ScreenModel(this.#scenario.series),
      sources: new SourceModel(),
      handles: new Map(),
      accepted: [],
      points: { received: 0, accepted: 0, duplicate: 0, rejected: 0 },
    }
    this.#tenants.set(name, state)
    return state
  }

  #throwFound(): void {
    if (this.#found !== undefined) throw this.#found
  }
}

function lineOf(query: Query): Line {
  const { watermarkMs, finalThroughMs } = query.progress()
  return { watermarkMs, finalThroughMs }
}
