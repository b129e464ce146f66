import { createHash } from 'node:crypto'
import {
  createEngine,
  createSampleBatch,
  type Engine,
  type IngestResult,
  type SampleBatch,
  SampleFlag,
  type SeriesRef,
  type WindowResult,
} from '../../src/index.ts'
import { holdHistory } from './history.ts'
import { planOf } from './plan-of.ts'
import { QueryRun } from './query-run.ts'
import { SampleShelf } from './sample-shelf.ts'
import type { Point, QuerySpec, Scenario, Step } from './scenario.ts'
import { TenantRun } from './tenant-run.ts'
import { Violation } from './violation.ts'

export interface RunReport {
  /** Of everything the engine said, in order. */
  readonly hash: string
  readonly accepted: number
  readonly rows: number
  readonly windows: number
}

/** Runs over history that are held against everything accepted, in worlds with a storage. */
const HISTORY_RUNS = 3

/** Plays a scenario to an engine and holds every promise after every step. Throws `Violation`. */
export async function runScenario(scenario: Scenario): Promise<RunReport> {
  return new Simulation(scenario).run()
}

class Simulation {
  readonly #scenario: Scenario
  #engine: Engine
  readonly #storage: SampleShelf | undefined
  #refs: SeriesRef[] = []
  readonly #tenants = new Map<string, TenantRun>()
  readonly #queries = new Map<string, QueryRun>()
  readonly #gone: QueryRun[] = []
  readonly #specs: { readonly tenant: string; readonly spec: QuerySpec }[] = []
  readonly #hash = createHash('sha256')
  readonly #batch: SampleBatch = createSampleBatch(256)
  #nowMs: number
  #rows = 0
  /** What a listener found; the engine keeps errors of listeners to itself. */
  #found: unknown

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#nowMs = scenario.startMs
    this.#storage = scenario.stored ? new SampleShelf() : undefined
    this.#engine = this.#newEngine()
  }

  async run(): Promise<RunReport> {
    this.#engine.advanceTo(this.#nowMs)
    try {
      await this.#run()
    } finally {
      await this.#engine.close()
    }
    for (const query of this.#queries.values()) query.end()
    return {
      hash: this.#hash.digest('hex'),
      accepted: [...this.#tenants.values()].reduce((sum, { accepted }) => sum + accepted.length, 0),
      rows: this.#rows,
      windows: [...this.#gone, ...this.#queries.values()].reduce((sum, { windows }) => sum + windows, 0),
    }
  }

  async #run(): Promise<void> {
    for (const [i, step] of this.#scenario.steps.entries())
      try {
        if (step.do === 'restart') await this.#restart()
        else this.#play(step)
        this.#throwFound()
        this.#holdLaws()
      } catch (error) {
        if (error instanceof Violation) error.message += ` (step ${i}: ${step.do})`
        throw error
      }
    if (this.#storage === undefined) return
    await this.#engine.flush()
    for (const { tenant, spec } of this.#specs.slice(0, HISTORY_RUNS))
      await holdHistory(this.#engine, tenant, spec, this.#scenario.series, this.#tenant(tenant).accepted)
  }

  #newEngine(): Engine {
    return createEngine({
      clock: 'manual',
      ...this.#scenario.options,
      ...(this.#storage === undefined ? {} : { storage: this.#storage }),
      onError: (error) => {
        this.#found ??= error
      },
    })
  }

  /** Another engine goes on from here; whoever listened and whatever was read is taken up again. */
  async #restart(): Promise<void> {
    const chunks = [...this.#engine.snapshot()]
    await this.#engine.close()
    this.#engine = this.#newEngine()
    await this.#engine.restore(chunks, { gapUntilMs: Number.NEGATIVE_INFINITY })
    this.#refs = []
    for (const run of this.#queries.values()) {
      const { name, tenant } = run.query
      run.query = this.#engine.query(name, { tenant })!
      this.#listen(run)
    }
    for (const [name, { handles, sources }] of this.#tenants)
      for (const source of handles.keys()) {
        handles.set(source, this.#engine.source(source, { kind: 'polled', tenant: name }))
        sources.reopen(source, this.#nowMs)
      }
    this.#tick(this.#nowMs)
  }

  #listen(run: QueryRun): void {
    run.query.subscribe((row) => this.#onRow(run, row))
    run.query.subscribeLate(() => run.takeSide())
  }

  #play(step: Exclude<Step, { readonly do: 'restart' }>): void {
    switch (step.do) {
      case 'tick':
        this.#tick(step.nowMs)
        return
      case 'push': {
        const { tenant, source, batchId, points } = step
        const named = batchId === undefined ? {} : { batchId }
        this.#ingest(tenant, points, batchId, (batch) => this.#engine.ingest(batch, { tenant, source, ...named }))
        return
      }
      case 'open':
      case 'poll':
      case 'caughtUp':
      case 'close':
        this.#read(step)
        return
      default:
        this.#operate(step)
    }
  }

  #tick(nowMs: number): void {
    this.#nowMs = nowMs
    for (const tenant of this.#tenants.values()) tenant.tick(nowMs)
    for (const query of this.#queries.values()) query.mark()
    this.#engine.advanceTo(nowMs)
    this.#throwFound()
    for (const numbers of this.#engine.stats().tenants) {
      const tenant = this.#tenant(numbers.tenant)
      tenant.holdPointLaw(numbers)
      tenant.sources.tick(numbers.tenant, numbers.watermarkMs, nowMs)
    }
    for (const query of this.#queries.values()) query.tick()
  }

  /** What becomes of a polled source. */
  #read(step: Extract<Step, { readonly do: 'open' | 'poll' | 'caughtUp' | 'close' }>): void {
    const { source, tenant: name } = step
    const { handles, sources } = this.#tenant(name)
    const handle = handles.get(source)
    if (step.do === 'open') {
      if (handle !== undefined) return
      handles.set(source, this.#engine.source(source, { kind: 'polled', tenant: name }))
      sources.open(source, this.#nowMs)
      for (const { tenant, watermarkMs } of this.#engine.stats().tenants)
        if (tenant === name) sources.still(name, watermarkMs, this.#nowMs)
      return
    }
    if (handle === undefined) return
    if (step.do === 'poll') {
      const { points, batchId, backlog } = step
      const accepted = this.#ingest(name, points, batchId, (batch) => handle.ingest(batch, { batchId, backlog }))
      const holdMs = this.#scenario.options.futureHoldMs ?? Number.POSITIVE_INFINITY
      const times = accepted.filter((timeMs) => timeMs <= this.#nowMs + holdMs)
      sources.poll(source, backlog, Math.max(Number.NEGATIVE_INFINITY, ...times), this.#nowMs)
    } else if (step.do === 'caughtUp') {
      handle.caughtUp()
      sources.poll(source, 0, Number.NEGATIVE_INFINITY, this.#nowMs)
    } else {
      handle.close()
      handles.delete(source)
      sources.close(source)
    }
  }

  #operate(step: Extract<Step, { readonly query: string }>): void {
    const { tenant } = step
    const key = `${tenant}/${step.query}`
    const known = this.#queries.get(key)
    if (step.do === 'add') {
      if (known === undefined) this.#add(key, tenant, step.query, step.spec)
      return
    }
    if (known === undefined) return
    known.mark()
    if (step.do === 'alter') {
      const { queryVersion } = known.query
      this.#engine.alterQuery(step.query, planOf(step.spec), { tenant })
      known.alter(step.spec, queryVersion)
      this.#specs.push({ tenant, spec: step.spec })
    } else if (step.do === 'pause') {
      known.query.pause()
      known.end()
    } else if (step.do === 'resume') {
      known.query.resume()
      known.resume()
    } else {
      this.#engine.removeQuery(step.query, { tenant })
      known.end()
      this.#queries.delete(key)
      this.#gone.push(known)
    }
  }

  #add(key: string, tenant: string, name: string, spec: QuerySpec): void {
    const query = this.#engine.addQuery(name, planOf(spec), { tenant })
    const { series } = this.#scenario
    const run = new QueryRun({ query, spec, series, accepted: this.#tenant(tenant).accepted })
    this.#listen(run)
    this.#queries.set(key, run)
    this.#specs.push({ tenant, spec })
  }

  /** Times of what was accepted. */
  #ingest(
    name: string,
    points: readonly Point[],
    batchId: string | undefined,
    send: (batch: SampleBatch) => IngestResult,
  ): number[] {
    const tenant = this.#tenant(name)
    const newestMs = this.#nowMs + (this.#scenario.options.maxFutureMs ?? Number.POSITIVE_INFINITY)
    const verdicts = tenant.judge(points, batchId, this.#nowMs, newestMs)
    for (const query of this.#queries.values()) query.mark()
    const result = send(this.#fill(points))
    this.#hash.update(JSON.stringify(result))
    const accepted = tenant.holdAnswer(points, verdicts, result)
    for (const query of this.#queries.values()) for (const sample of accepted) query.take(sample)
    return accepted.map(({ timeMs }) => timeMs)
  }

  /** After every step: the query law, and a watermark that goes forward alone. */
  #holdLaws(): void {
    for (const run of this.#queries.values()) {
      const { query } = run
      this.#tenant(query.tenant).sources.still(query.tenant, query.progress().watermarkMs, this.#nowMs)
      run.holdLaw()
    }
  }

  #onRow(run: QueryRun, row: WindowResult): void {
    this.#hash.update(JSON.stringify(row))
    this.#rows++
    try {
      run.row(row)
    } catch (error) {
      this.#found ??= error
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

  #tenant(name: string): TenantRun {
    const known = this.#tenants.get(name)
    if (known !== undefined) return known
    const tenant = new TenantRun(this.#scenario.series)
    this.#tenants.set(name, tenant)
    return tenant
  }

  #throwFound(): void {
    if (this.#found !== undefined) throw this.#found
  }
}
