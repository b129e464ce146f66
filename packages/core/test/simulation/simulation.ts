import { mock } from 'node:test'
import { createEngine, type Engine, type StateStore, type WindowResult } from '../../src/index.ts'
import type { Belief } from './belief.ts'
import { holdHistory } from './history.ts'
import type { PushStep } from './journal.ts'
import { holdLoose } from './loose-query.ts'
import { outlivingStateStore } from './outliving-state.ts'
import { planOf } from './plan-of.ts'
import { Player } from './player.ts'
import { createRandom, type Random } from './random.ts'
import { SampleShelf } from './sample-shelf.ts'
import type { Scenario, Step } from './scenario.ts'
import { isShaken, type Shaking, ShakyStorage } from './shaky-storage.ts'
import { hold, Violation } from './violation.ts'

export interface RunReport {
  /** Of everything the engine said, in order. */
  readonly hash: string
  readonly accepted: number
  readonly rows: number
  readonly windows: number
  /** Rows that were repaired and held against all samples in the end. */
  readonly repaired: number
  /** Queries on sessions or readings that were held in the end. */
  readonly looseHeld: number
}

/** Runs over history that are held against everything accepted, in worlds with a storage. */
const HISTORY_RUNS = 3
/** Records of a partition that are read again at a time. */
const RECORDS_AGAIN = 5
/** Ticks after which senders notice that an engine was gone. */
const TICKS_UNTIL_PUSHED = 3
const LONG_TICK_MS = 60_000

/** Of the machine's own time. */
const TICK_TAKES_MS = 300
const RETRY_MOST_MS = 16_000
/** Until nothing more can be under way. */
const MOST_TURNS = 500
const FEW_TURNS = 20
/** Repairs that find nothing new, one after the other. */
const QUIET_ROUNDS = 8
const QUIET_ROUND_MS = 31_000
const DAY_MS = 86_400_000
const STILL: Shaking = { writeFails: 0, scanFails: 0, mostTicks: 0 }

/** Plays a scenario to an engine and holds every promise after every step. Throws `Violation`. */
export async function runScenario(scenario: Scenario): Promise<RunReport> {
  return new Simulation(scenario).run()
}

/** A snapshot, and what was believed when it was taken. */
interface Saved {
  readonly chunks: readonly Uint8Array[]
  readonly belief: Belief
}

class Simulation {
  readonly #scenario: Scenario
  readonly #player: Player
  readonly #shelf: SampleShelf | undefined
  readonly #random: Random
  /** The way to the shelf of the engine that lives. */
  #storage: ShakyStorage | undefined
  /** Where an engine may die, its generation must outlive it. */
  readonly #state: StateStore | undefined
  #saved: Saved | undefined
  /** What was pushed to an engine that died, until it is pushed again. */
  #unpushed: readonly PushStep[] = []
  #ticksUntilPushed = 0
  #repaired = 0
  #looseHeld = 0

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#random = createRandom(scenario.seed)
    const { visibleAfterMs } = scenario
    this.#shelf = scenario.stored
      ? new SampleShelf({
          nowMs: () => this.#player.belief.nowMs,
          ...(visibleAfterMs === undefined ? {} : { visibleAfterMs }),
        })
      : undefined
    const canDie = scenario.steps.some((step) => step.do === 'kill')
    this.#state = canDie ? outlivingStateStore() : undefined
    this.#player = new Player(scenario, this.#newEngine())
  }

  async run(): Promise<RunReport> {
    const player = this.#player
    // A write that failed is tried again after a while of the machine's own time.
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      await player.engine.flush()
      player.engine.advanceTo(this.#scenario.startMs)
      await this.#run()
    } finally {
      this.#storage?.calm()
      await this.#patiently(player.engine.close())
      mock.timers.reset()
    }
    const { belief, rows } = player
    for (const query of belief.queries.values()) query.end()
    return {
      hash: player.digest(),
      accepted: belief.accepted,
      rows,
      windows: belief.windows,
      repaired: this.#repaired,
      looseHeld: this.#looseHeld,
    }
  }

  async #run(): Promise<void> {
    const player = this.#player
    for (const [i, step] of this.#scenario.steps.entries())
      try {
        await this.#play(step)
        player.throwFound()
        player.holdLaws()
      } catch (error) {
        if (error instanceof Violation) error.message += ` (step ${i}: ${step.do})`
        throw error
      }
    this.#repeatAll()
    if (this.#storage !== undefined) await this.#holdStored()
    await this.#holdLoose()
  }

  /** Once all is quiet: runs over history and repaired windows are what was accepted, however late. */
  async #holdStored(): Promise<void> {
    const player = this.#player
    const { series, repair } = this.#scenario
    this.#storage?.calm()
    for (let round = 0; round < QUIET_ROUNDS; round++) {
      await this.#patiently(player.engine.settled())
      player.tick(player.belief.nowMs + QUIET_ROUND_MS)
      player.throwFound()
    }
    for (const { tenant, spec } of player.specs.slice(0, HISTORY_RUNS))
      await holdHistory(player.engine, tenant, spec, series, player.belief.tenant(tenant).accepted)
    // What there was no room to wait for is only said to be stale, if that.
    if (repair?.maxDirtyWindows !== undefined) return
    const mayBeStale = repair?.maxWindowRows !== undefined
    for (const run of player.belief.queries.values()) this.#repaired += run.holdRepaired(player.lastWords, mayBeStale)
  }

  /** Queries that can only be judged in the end. */
  async #holdLoose(): Promise<void> {
    const { engine, belief, lastWords } = this.#player
    const { series, repair, steps, options } = this.#scenario
    // What an engine took that died is in its rows, whatever came of it later.
    const isLost = steps.some(
      (step) => step.do === 'kill' && (step.pushed !== 'first' || options.maxFutureMs !== undefined),
    )
    const isLimited = repair?.maxDirtyWindows !== undefined || repair?.maxWindowRows !== undefined
    for (const { query, spec } of belief.loose.values()) {
      const { tenant, name, queryVersion } = query
      const loose = { tenant, spec, series, accepted: belief.tenant(tenant).accepted }
      const { matched, applied, lateApplied, toRepair, toSide, lateDropped, excluded } = query.counters
      const sum = applied + lateApplied + toRepair + toSide + lateDropped + excluded
      hold('query-law', matched === sum, () => `${name}: ${matched} matched, ${sum} accounted for`)
      const isMended = toSide + lateDropped === 0 && (toRepair === 0 || !isLimited)
      if (isMended && !isLost) {
        const wholeFromMs = (query.coversFromMs ?? Number.NEGATIVE_INFINITY) + (spec.session?.gapMs ?? 0)
        holdLoose('loose', lastWords.of(tenant, name, queryVersion), loose, wholeFromMs)
        this.#looseHeld++
      }
      if (this.#storage === undefined) continue
      const rows: WindowResult[] = []
      const range = { tenant, fromMs: belief.nowMs - DAY_MS, toMs: belief.nowMs + DAY_MS }
      for await (const row of engine.run(planOf(spec), range)) rows.push(row)
      holdLoose('loose-history', rows, loose, Number.NEGATIVE_INFINITY)
    }
  }

  /** Waits for what needs a storage that works and time that passes. */
  async #patiently<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    await nextTurn()
    for (let turn = 0; !isSettled && turn < MOST_TURNS; turn++) {
      this.#storage?.tick()
      mock.timers.tick(RETRY_MOST_MS)
      await nextTurn()
      // A repair waits for the clock of the engine where a storage shows late what it stored.
      if (turn > FEW_TURNS && !isSettled) this.#player.tick(this.#player.belief.nowMs + 1_000)
    }
    hold('quiet', isSettled, () => 'something goes on for ever')
    return promise
  }

  async #play(step: Step): Promise<void> {
    const player = this.#player
    if (step.do === 'restart') await this.#restart()
    else if (step.do === 'save') this.#save()
    else if (step.do === 'kill') await this.#kill(step.pushed)
    else {
      // Nothing new is read of a partition before what was read by an engine that died.
      if (step.do === 'poll' || step.do === 'caughtUp') this.#readAgain(Number.POSITIVE_INFINITY, step)
      // Who sends again does so while the ids of batches are remembered.
      if (step.do === 'tick' && step.nowMs - player.belief.nowMs > LONG_TICK_MS) this.#repeatAll()
      player.play(step)
      if (step.do !== 'tick') return
      this.#repeat()
      if (this.#shelf !== undefined) await this.#pass()
    }
  }

  /** The storage gets on, a little or as far as it can. */
  async #pass(): Promise<void> {
    this.#storage?.tick()
    mock.timers.tick(TICK_TAKES_MS)
    if (this.#random.chance(0.7)) await nextTurn()
    else for (let left = this.#random.integer(0, 30); left > 0; left--) await undefined
  }

  #newEngine(): Engine {
    const { shaking = STILL, repair } = this.#scenario
    this.#storage =
      this.#shelf === undefined ? undefined : new ShakyStorage(this.#shelf.adapter(), shaking, this.#random.fork())
    return createEngine({
      clock: 'manual',
      ...this.#scenario.options,
      ...(this.#storage === undefined ? {} : { storage: this.#storage }),
      ...(this.#state === undefined ? {} : { stateStore: this.#state }),
      // Work is bounded by the machine's own clock, which the world must not hang on.
      repair: { maxRowsPerSecond: 1e12, ...repair },
      onError: (error) => {
        if (!isShaken(error)) this.#player.noteError(error)
      },
    })
  }

  /** Another engine goes on from here; whoever listened and whatever was read is taken up again. */
  async #restart(): Promise<void> {
    const { engine, belief } = this.#player
    const chunks = [...engine.snapshot()]
    // A close does not wait for ever, and gives up what is not stored by then.
    this.#storage?.calm()
    await this.#patiently(engine.close())
    await this.#begin({ chunks, belief }, Number.NEGATIVE_INFINITY)
    for (const [tenant, { handles }] of belief.tenants)
      for (const source of handles.keys()) this.#reopen(tenant, source)
    this.#player.tick(belief.nowMs)
  }

  #save(): void {
    const { engine, belief, journal } = this.#player
    const saved = { chunks: [...engine.snapshot()], belief: belief.copy() }
    const { pushed } = journal
    const keep = (): void => {
      if (engine !== this.#player.engine) return
      this.#saved = saved
      journal.forgetPushed(pushed)
    }
    // What it was told must outlive it as well before a snapshot is relied upon.
    if (this.#shelf === undefined) keep()
    else void engine.flush().then(keep)
  }

  async #kill(pushed: Extract<Step, { readonly do: 'kill' }>['pushed']): Promise<void> {
    if (this.#saved === undefined) return
    const player = this.#player
    const { journal } = player
    const died = player.belief
    const before = this.#saved.belief
    player.lastWords.beginLife()
    this.#storage?.cut()
    await this.#begin(
      { ...this.#saved, belief: before.copy() },
      pushed === 'first' ? Number.NEGATIVE_INFINITY : died.nowMs,
    )
    const { belief } = player
    const closed = this.#reopenAll(died)
    for (const [key, { query, spec }] of [...died.queries, ...died.loose])
      if (!belief.queries.has(key) && !belief.loose.has(key)) player.add(query.tenant, query.name, spec)
    if (pushed === 'first') for (const step of journal.sincePushed) player.push(step)
    this.#unpushed = pushed === 'later' ? journal.sincePushed : []
    this.#ticksUntilPushed = TICKS_UNTIL_PUSHED
    player.tick(died.nowMs)
    for (const of of closed) {
      this.#readAgain(Number.POSITIVE_INFINITY, of)
      player.read({ do: 'close', ...of })
    }
    if (pushed !== 'first') return
    this.#readAgain(Number.POSITIVE_INFINITY)
    this.#holdNothingLost(died)
  }

  /**
   * Opens what was open when the engine died or when its snapshot was taken, to be read again from where the snapshot
   * was; returns what had been closed in between.
   */
  #reopenAll(died: Belief): { readonly tenant: string; readonly source: string }[] {
    const { belief, journal } = this.#player
    const closed: { readonly tenant: string; readonly source: string }[] = []
    for (const [tenant, { handles, places }] of belief.tenants)
      for (const source of handles.keys()) {
        this.#reopen(tenant, source)
        const place = places.get(source)
        const offset = place === undefined ? undefined : String(place)
        const got = handles.get(source)!.offset
        hold('offset', got === offset, () => `${source} goes on at ${got}, not ${offset}`)
        journal.rewind({ tenant, source }, place ?? 0)
        if (died.tenants.get(tenant)?.handles.has(source) !== true) closed.push({ tenant, source })
      }
    for (const [tenant, { handles }] of died.tenants)
      for (const source of handles.keys()) {
        if (belief.tenant(tenant).handles.has(source)) continue
        this.#player.read({ do: 'open', tenant, source })
        journal.rewind({ tenant, source }, 0)
      }
    return closed
  }

  async #begin({ chunks, belief }: Saved, gapUntilMs: number): Promise<void> {
    const player = this.#player
    const engine = this.#newEngine()
    player.goOn(engine, belief)
    await engine.restore(chunks, { gapUntilMs })
    for (const run of belief.queries.values()) {
      const { name, tenant } = run.query
      run.goOn(engine.query(name, { tenant })!, gapUntilMs)
      player.listen(run)
    }
    for (const loose of belief.loose.values()) {
      const { name, tenant } = loose.query
      loose.query = engine.query(name, { tenant })!
      player.listenLoose(loose.query)
    }
  }

  #reopen(tenant: string, source: string): void {
    const { engine, belief } = this.#player
    const { handles, sources } = belief.tenant(tenant)
    handles.set(source, engine.source(source, { kind: 'polled', tenant }))
    sources.reopen(source, belief.nowMs)
  }

  #repeatAll(): void {
    this.#ticksUntilPushed = 0
    this.#readAgain(Number.POSITIVE_INFINITY)
    this.#repeat()
  }

  /** After each tick: a little of what an engine that died was told before. */
  #repeat(): void {
    this.#readAgain(RECORDS_AGAIN)
    if (this.#unpushed.length === 0 || this.#ticksUntilPushed-- > 0) return
    const unpushed = this.#unpushed
    this.#unpushed = []
    for (const step of unpushed) this.#player.push(step)
  }

  #readAgain(most: number, only?: { readonly tenant: string; readonly source: string }): void {
    for (const step of this.#player.journal.readAgain(most, only)) this.#player.read(step)
  }

  /** Everything an engine had accepted that died is accepted once more, where no clock refuses it. */
  #holdNothingLost(died: Belief): void {
    if (this.#scenario.options.maxFutureMs !== undefined) return
    for (const [name, { accepted }] of died.tenants) {
      const own = new Set(this.#player.belief.tenant(name).accepted.map(({ series, timeMs }) => `${series} ${timeMs}`))
      const lost = accepted.find(({ series, timeMs }) => !own.has(`${series} ${timeMs}`))
      hold('lost', lost === undefined, () => `${name}: the sample of series ${lost?.series} at ${lost?.timeMs} is lost`)
    }
  }
}

/** When everything that can be done at once is done. */
function nextTurn(): Promise<void> {
  return new Promise((resume) => {
    setImmediate(resume)
  })
}
