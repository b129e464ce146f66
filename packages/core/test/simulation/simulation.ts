import { mock } from 'node:test'
import { createEngine, type Engine, type StateStore } from '../../src/index.ts'
import type { Belief } from './belief.ts'
import { holdLastWords, holdRepairs, holdRuns } from './end-checks.ts'
import type { PushStep } from './journal.ts'
import { outlivingStateStore } from './outliving-state.ts'
import { Player } from './player.ts'
import type { Scenario, Step } from './scenario.ts'
import { isShaken } from './shaky-storage.ts'
import { StorageLink } from './storage-link.ts'
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

/** Records of a partition that are read again at a time. */
const RECORDS_AGAIN = 5
/** Ticks after which senders notice that an engine was gone. */
const TICKS_UNTIL_PUSHED = 3
const LONG_TICK_MS = 60_000
/** Repairs that find nothing new, one after the other. */
const QUIET_ROUNDS = 8
const QUIET_ROUND_MS = 31_000

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
  readonly #storage: StorageLink
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
    this.#storage = new StorageLink({
      scenario,
      nowMs: () => this.#player.belief.nowMs,
      advanceTo: (nowMs) => this.#player.tick(nowMs),
    })
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
      this.#storage.calm()
      await this.#storage.patiently(player.engine.close())
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
    if (this.#storage.isThere) {
      await this.#quiet()
      await holdRuns(player, this.#scenario)
      this.#repaired = holdRepairs(player, this.#scenario)
    }
    this.#looseHeld = holdLastWords(player, this.#scenario)
  }

  /** Lets repairs come to their end. */
  async #quiet(): Promise<void> {
    const player = this.#player
    this.#storage.calm()
    for (let round = 0; round < QUIET_ROUNDS; round++) {
      await this.#storage.patiently(player.engine.settled())
      player.tick(player.belief.nowMs + QUIET_ROUND_MS)
      player.throwFound()
    }
  }

  async #play(step: Step): Promise<void> {
    const player = this.#player
    if (step.do === 'restart') await this.#restart()
    else if (step.do === 'save') this.#save()
    else if (step.do === 'kill') await this.#kill(step.pushed)
    else {
      // Nothing new is read of a partition before what was read by an engine that died.
      if (step.do === 'poll' || step.do === 'caughtUp' || step.do === 'close')
        this.#readAgain(Number.POSITIVE_INFINITY, step)
      // Who sends again does so while the ids of batches are remembered.
      if (step.do === 'tick' && step.nowMs - player.belief.nowMs > LONG_TICK_MS) this.#repeatAll()
      player.play(step)
      if (step.do !== 'tick') return
      this.#repeat()
      await this.#storage.pass()
    }
  }

  #newEngine(): Engine {
    return createEngine({
      clock: 'manual',
      ...this.#scenario.options,
      ...this.#storage.connect(),
      ...(this.#state === undefined ? {} : { stateStore: this.#state }),
      // Work is bounded by the machine's own clock, which the world must not hang on.
      repair: { maxRowsPerSecond: 1e12, ...this.#scenario.repair },
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
    this.#storage.calm()
    await this.#storage.patiently(engine.close())
    await this.#begin({ chunks, belief }, Number.NEGATIVE_INFINITY)
    for (const [tenant, { handles }] of belief.tenants)
      for (const source of handles.keys()) this.#reopen(tenant, source)
    this.#player.tick(belief.nowMs)
  }

  #save(): void {
    // Or a snapshot would be relied upon that lacks what is still to be said again.
    this.#repeatAll()
    const { engine, belief, journal } = this.#player
    const saved = { chunks: [...engine.snapshot()], belief: belief.copy() }
    const { pushed } = journal
    const keep = (): void => {
      if (engine !== this.#player.engine) return
      this.#saved = saved
      journal.forgetPushed(pushed)
    }
    // What it was told must outlive it as well before a snapshot is relied upon.
    if (!this.#storage.isThere) keep()
    else void engine.flush().then(keep)
  }

  async #kill(pushed: Extract<Step, { readonly do: 'kill' }>['pushed']): Promise<void> {
    if (this.#saved === undefined) return
    const player = this.#player
    const { journal } = player
    const died = player.belief
    const before = this.#saved.belief
    player.lastWords.beginLife()
    this.#storage.cut()
    await this.#begin(
      { ...this.#saved, belief: before.copy() },
      pushed === 'first' ? Number.NEGATIVE_INFINITY : died.nowMs,
    )
    const { belief } = player
    for (const [key, run] of belief.queries) run.noteDied(died.queries.get(key))
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
