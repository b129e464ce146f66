import { createHash } from 'node:crypto'
import {
  createSampleBatch,
  type Engine,
  type IngestResult,
  type Query,
  type SampleBatch,
  SampleFlag,
  type SeriesRef,
  type WindowResult,
} from '../../src/index.ts'
import { Belief } from './belief.ts'
import { Journal } from './journal.ts'
import { LastWords } from './last-words.ts'
import { isLoose, planOf } from './plan-of.ts'
import { QueryRun } from './query-run.ts'
import type { Point, QuerySpec, Scenario, Step } from './scenario.ts'

/** A step that one engine takes; the others are about its life. */
export type EngineStep = Exclude<Step, { readonly do: 'restart' | 'save' | 'kill' }>

/** Does what the steps say to an engine, and to what is believed of it. */
export class Player {
  belief: Belief
  readonly journal: Journal = new Journal()
  readonly lastWords: LastWords = new LastWords()
  readonly specs: { readonly tenant: string; readonly spec: QuerySpec }[] = []
  rows = 0
  readonly #scenario: Scenario
  readonly #hash = createHash('sha256')
  readonly #batch: SampleBatch = createSampleBatch(256)
  readonly #greatestVersions = new Map<string, number>()
  #engine: Engine
  #refs: SeriesRef[] = []
  /** What a listener found; the engine keeps errors of listeners to itself. */
  #found: unknown

  constructor(scenario: Scenario, engine: Engine) {
    this.#scenario = scenario
    this.#engine = engine
    this.belief = new Belief(scenario.startMs, scenario.series)
  }

  get engine(): Engine {
    return this.#engine
  }

  /** Everything said so far, in order. */
  digest(): string {
    return this.#hash.digest('hex')
  }

  play(step: EngineStep): void {
    switch (step.do) {
      case 'tick':
        this.tick(step.nowMs)
        return
      case 'push':
        this.journal.notePush(step)
        this.push(step)
        return
      case 'open':
      case 'poll':
      case 'caughtUp':
      case 'close':
        if (step.do === 'poll') this.journal.notePoll(step)
        this.read(step)
        return
      default:
        this.#operate(step)
    }
  }

  tick(nowMs: number): void {
    const { belief } = this
    belief.nowMs = nowMs
    for (const tenant of belief.tenants.values()) tenant.tick(nowMs)
    for (const query of belief.queries.values()) query.mark()
    this.#engine.advanceTo(nowMs)
    this.throwFound()
    for (const numbers of this.#engine.stats().tenants) {
      const tenant = belief.tenant(numbers.tenant)
      tenant.holdPointLaw(numbers)
      tenant.sources.tick(numbers.tenant, numbers.watermarkMs, nowMs)
    }
    for (const query of belief.queries.values()) query.tick()
  }

  push({ tenant, source, batchId, points }: Extract<Step, { readonly do: 'push' }>): void {
    const named = batchId === undefined ? {} : { batchId }
    this.#ingest(tenant, points, batchId, (batch) => this.#engine.ingest(batch, { tenant, source, ...named }))
  }

  /** What becomes of a polled source. */
  read(step: Extract<Step, { readonly do: 'open' | 'poll' | 'caughtUp' | 'close' }>): void {
    const { source, tenant: name } = step
    const { nowMs } = this.belief
    const { handles, sources, places } = this.belief.tenant(name)
    const handle = handles.get(source)
    if (step.do === 'open') {
      if (handle !== undefined) return
      handles.set(source, this.#engine.source(source, { kind: 'polled', tenant: name }))
      sources.open(source, nowMs)
      for (const { tenant, watermarkMs } of this.#engine.stats().tenants)
        if (tenant === name) sources.still(name, watermarkMs, nowMs)
      return
    }
    if (handle === undefined) return
    if (step.do === 'poll') {
      const { points, batchId, backlog, place } = step
      const offset = place === undefined ? {} : { offset: String(place + 1) }
      const accepted = this.#ingest(name, points, batchId, (batch) =>
        handle.ingest(batch, { batchId, backlog, ...offset }),
      )
      if (place !== undefined) places.set(source, place + 1)
      const holdMs = this.#scenario.options.futureHoldMs ?? Number.POSITIVE_INFINITY
      const times = accepted.filter((timeMs) => timeMs <= nowMs + holdMs)
      sources.poll(source, backlog, Math.max(Number.NEGATIVE_INFINITY, ...times), nowMs)
    } else if (step.do === 'caughtUp') {
      handle.caughtUp()
      sources.poll(source, 0, Number.NEGATIVE_INFINITY, nowMs)
    } else {
      handle.close()
      handles.delete(source)
      sources.close(source)
    }
  }

  add(tenant: string, name: string, spec: QuerySpec): void {
    const key = `${tenant}/${name}`
    const query = this.#engine.addQuery(name, planOf(spec), { tenant, ...this.#newVersion(key, 0) })
    if (isLoose(spec)) {
      this.belief.loose.set(key, { query, spec })
      this.listenLoose(query)
      return
    }
    const { series } = this.#scenario
    const run = new QueryRun({ query, spec, series, accepted: this.belief.tenant(tenant).accepted })
    this.listen(run)
    this.belief.queries.set(key, run)
    this.belief.tenant(tenant).allowLateness(spec.latenessMs ?? 0)
    this.specs.push({ tenant, spec })
    this.#noteVersion(key, query.queryVersion)
  }

  /** Another engine goes on, with what is believed of it. */
  goOn(engine: Engine, belief: Belief): void {
    this.#engine = engine
    this.belief = belief
    this.#refs = []
  }

  listen(run: QueryRun): void {
    const engine = this.#engine
    run.query.subscribe((row) => {
      // The dead are not heard.
      if (engine === this.#engine) this.#onRow(run, row)
    })
    run.query.subscribeLate(() => run.takeSide())
  }

  listenLoose(query: Query): void {
    const engine = this.#engine
    query.subscribe((row) => {
      if (engine === this.#engine) this.#take(row)
    })
  }

  /** After every step: the query law, and a watermark that goes forward alone. */
  holdLaws(): void {
    const { belief } = this
    for (const run of belief.queries.values()) {
      const { query } = run
      belief.tenant(query.tenant).sources.still(query.tenant, query.progress().watermarkMs, belief.nowMs)
      run.holdLaw()
    }
  }

  noteError(error: unknown): void {
    this.#found ??= error
  }

  throwFound(): void {
    if (this.#found !== undefined) throw this.#found
  }

  #operate(step: Extract<Step, { readonly query: string }>): void {
    const { tenant } = step
    const { queries, gone } = this.belief
    const key = `${tenant}/${step.query}`
    const known = queries.get(key)
    if (step.do === 'add') {
      if (known === undefined && !this.belief.loose.has(key)) this.add(tenant, step.query, step.spec)
      return
    }
    if (known === undefined) return
    known.mark()
    if (step.do === 'alter') {
      const { queryVersion } = known.query
      this.#engine.alterQuery(step.query, planOf(step.spec), { tenant, ...this.#newVersion(key, queryVersion) })
      known.alter(step.spec, queryVersion)
      this.belief.tenant(tenant).allowLateness(step.spec.latenessMs ?? 0)
      this.specs.push({ tenant, spec: step.spec })
      this.#noteVersion(key, known.query.queryVersion)
    } else if (step.do === 'pause') {
      known.query.pause()
      known.end()
    } else if (step.do === 'resume') {
      known.query.resume()
      known.resume()
    } else {
      this.#engine.removeQuery(step.query, { tenant })
      known.end()
      queries.delete(key)
      gone.push(known)
    }
  }

  /** Versions that died with an engine stay what they were: whoever keeps the queries says which comes next. */
  #newVersion(key: string, version: number): { readonly version?: number } {
    const greatest = this.#greatestVersions.get(key) ?? 0
    return version < greatest ? { version: greatest + 1 } : {}
  }

  #noteVersion(key: string, version: number): void {
    this.#greatestVersions.set(key, Math.max(version, this.#greatestVersions.get(key) ?? 0))
  }

  /** Times of what was accepted. */
  #ingest(
    name: string,
    points: readonly Point[],
    batchId: string | undefined,
    send: (batch: SampleBatch) => IngestResult,
  ): number[] {
    const { nowMs, queries } = this.belief
    const tenant = this.belief.tenant(name)
    const newestMs = nowMs + (this.#scenario.options.maxFutureMs ?? Number.POSITIVE_INFINITY)
    const verdicts = tenant.judge(points, batchId, nowMs, newestMs)
    for (const query of queries.values()) query.mark()
    const result = send(this.#fill(points))
    this.#hash.update(JSON.stringify(result))
    const accepted = tenant.holdAnswer({ points, batchId }, verdicts, result)
    for (const query of queries.values()) for (const sample of accepted) query.take(sample)
    return accepted.map(({ timeMs }) => timeMs)
  }

  #onRow(run: QueryRun, row: WindowResult): void {
    try {
      run.row(row)
    } catch (error) {
      this.noteError(error)
    }
    this.#take(row)
  }

  #take(row: WindowResult): void {
    this.#hash.update(JSON.stringify(row))
    this.rows++
    try {
      this.lastWords.take(row)
    } catch (error) {
      this.noteError(error)
    }
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
}
