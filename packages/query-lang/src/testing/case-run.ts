import {
  type Engine,
  type IngestResult,
  type PolledSource,
  type ReplaySource,
  type WindowResult,
  WindrowError,
} from '@windrow/core'
import { type CompileOptions, check, compileStatement, compileText } from '../compile.ts'
import { parse } from '../parse.ts'
import { QueryError } from '../query-error.ts'
import { renderDiagnostics } from '../render-diagnostics.ts'
import type { CaseEngine } from './case-engine.ts'
import { engineCatalog } from './engine-catalog.ts'
import { brokenLaw, compareFacts, readFacts } from './fact-readers.ts'
import { compareLate, compareRows } from './row-match.ts'
import { SampleBox } from './sample-box.ts'
import type { Action, ScriptCase } from './script.ts'
import { SCRIPT_EPOCH_MS } from './script-time.ts'

interface Failure {
  readonly line: number
  readonly message: string
}

type ActionOf<T extends Action['type']> = Extract<Action, { readonly type: T }>

/** What is done to the engine, and answers nothing. */
type ControlAction = Exclude<
  Action,
  ActionOf<
    | 'load'
    | 'send'
    | 'advance'
    | 'eval'
    | 'expect-rows'
    | 'expect-late'
    | 'expect-facts'
    | 'expect-diagnostics'
    | 'expect-error'
  >
>

/** A step that the script asks for and that makes no sense at this point. */
class StepError extends Error {}

/** One run of one case over a fresh engine. */
export class CaseRun {
  evals = 0
  readonly failures: Failure[] = []
  readonly #engines: CaseEngine
  readonly #case: ScriptCase
  readonly #box = new SampleBox()
  readonly #polled = new Map<string, PolledSource>()
  readonly #replays = new Map<string, ReplaySource>()
  /** Queries whose rows the case looks at: then it looks at all of them. */
  readonly #watched = new Map<string, number>()
  readonly #watchedLate = new Map<string, number>()
  #lastSent: IngestResult | undefined

  constructor(engines: CaseEngine, scriptCase: ScriptCase) {
    this.#engines = engines
    this.#case = scriptCase
  }

  get #engine(): Engine {
    return this.#engines.current
  }

  async run(): Promise<void> {
    this.#engine.advanceTo(SCRIPT_EPOCH_MS + this.#case.startMs)
    for (const { line, action } of this.#case.steps) {
      if (action.type.startsWith('expect') || action.type === 'eval') this.evals++
      try {
        const message = await this.#do(action, line)
        if (message !== undefined) this.failures.push({ line, message })
      } catch (error) {
        this.failures.push({ line, message: describeError(error) })
        return
      }
    }
    this.#checkRest()
  }

  /** Does a step; the answer is what an expectation found wrong. */
  async #do(action: Action, line: number): Promise<string | undefined> {
    switch (action.type) {
      case 'load':
        this.#box.load(action.series, action.samples)
        return undefined
      case 'send':
        this.#send(action)
        return undefined
      case 'advance':
        this.#engine.advanceTo((action.by ? this.#engine.nowMs() : SCRIPT_EPOCH_MS) + action.ms)
        return undefined
      case 'expect-rows':
        return this.#expectRows(action, line)
      case 'expect-late':
        return this.#expectLate(action, line)
      case 'eval':
        return this.#eval(action)
      case 'expect-facts':
        return this.#expectFacts(action)
      case 'expect-diagnostics':
        return this.#expectDiagnostics(action)
      case 'expect-error':
        return this.#expectError(action, line)
      default:
        await this.#control(action)
        return undefined
    }
  }

  async #control(action: ControlAction): Promise<void> {
    const engine = this.#engine
    switch (action.type) {
      case 'query':
        this.#addQuery(action.name, action.text)
        break
      case 'alter':
        engine.alterQuery(action.name, compileText(action.text, this.#compileOptions(true)))
        break
      case 'pause':
        existing(engine.query(action.name), 'query', action.name).pause()
        break
      case 'resume':
        existing(engine.query(action.name), 'query', action.name).resume()
        break
      case 'drop':
        engine.removeQuery(action.name)
        break
      case 'declare':
        this.#declare(action.text)
        break
      case 'poll':
        this.#polled.set(action.name, engine.source(action.name, { kind: 'polled' }))
        break
      case 'caught-up':
        existing(this.#polled.get(action.name), 'polled source', action.name).caughtUp()
        break
      case 'close':
        existing(this.#polled.get(action.name), 'polled source', action.name).close()
        this.#polled.delete(action.name)
        break
      case 'replay':
        this.#replays.set(action.name, engine.replay(action.name))
        break
      case 'finish':
        await existing(this.#replays.get(action.name), 'replay', action.name).finish()
        this.#replays.delete(action.name)
        break
      case 'settle':
        await engine.settled()
        break
      case 'snapshot':
        this.#engines.save()
        break
      case 'restore':
        await this.#restore(action.gapUntilMs)
        break
    }
  }

  #send({ range, again, reversed, source, batchId, backlog }: ActionOf<'send'>): void {
    if (!again && this.#box.take(range, reversed) === 0)
      throw new StepError('there is nothing to send: no loaded sample is left in the range')
    const batch = this.#box.batch(this.#engine)
    const named = batchId === undefined ? {} : { batchId }
    const replay = this.#replays.get(source)
    const polled = this.#polled.get(source)
    if (replay !== undefined) this.#lastSent = replay.ingest(batch, named)
    else if (polled !== undefined) this.#lastSent = polled.ingest(batch, { backlog, ...named })
    else this.#lastSent = this.#engine.ingest(batch, { source, ...named })
  }

  #addQuery(name: string, text: string): void {
    this.#engines.listenTo(this.#engine.addQuery(name, compileText(text, this.#compileOptions(true))))
  }

  async #restore(gapMs: number | undefined): Promise<void> {
    const gapUntilMs = gapMs === undefined ? undefined : SCRIPT_EPOCH_MS + gapMs
    if (!(await this.#engines.restore(gapUntilMs))) throw new StepError('there is no snapshot to restore')
    // Declared anew by whoever reads them; replays are over.
    this.#polled.clear()
    this.#replays.clear()
  }

  #declare(text: string): void {
    const { statements, diagnostics } = parse(text)
    for (const statement of statements) {
      const { compiled, diagnostics: problems } = compileStatement(statement)
      diagnostics.push(...problems)
      if (compiled?.type === 'declare-metric') this.#engine.declareMetric(compiled.metric, compiled.declaration)
    }
    if (diagnostics.length > 0) throw new QueryError(diagnostics)
  }

  #expectRows({ name, latest, rows }: ActionOf<'expect-rows'>, line: number): string | undefined {
    if (latest) return compareRows(rows, existing(this.#engine.query(name), 'query', name).latest())
    const told = existing(this.#engines.told(name), 'query', name)
    this.#watched.set(name, line)
    return compareRows(rows, told.rows.splice(0))
  }

  #expectLate({ name, rows }: ActionOf<'expect-late'>, line: number): string | undefined {
    const told = existing(this.#engines.told(name), 'query', name)
    this.#watchedLate.set(name, line)
    return compareLate(rows, told.late.splice(0))
  }

  async #eval({ text, range, rows }: ActionOf<'eval'>): Promise<string | undefined> {
    const plan = compileText(text, this.#compileOptions(false))
    const bounds =
      range === undefined ? {} : { fromMs: SCRIPT_EPOCH_MS + range.fromMs, toMs: SCRIPT_EPOCH_MS + range.toMs }
    const found: WindowResult[] = []
    for await (const row of this.#engine.run(plan, bounds)) found.push(row)
    return compareRows(rows, found)
  }

  #expectFacts({ subject, name, facts }: ActionOf<'expect-facts'>): string | undefined {
    const actual = readFacts(this.#engine, subject, name, this.#lastSent, this.#engines.told(name))
    return actual === undefined ? `there is no ${subject} ${name}`.trimEnd() : compareFacts(subject, facts, actual)
  }

  #expectDiagnostics(action: ActionOf<'expect-diagnostics'>): string | undefined {
    const { text, stored, severity, diagnostics } = action
    const found = check(text, this.#compileOptions(stored)).filter((diagnostic) => diagnostic.severity === severity)
    const [expected, actual] = [diagnostics, found].map((list) =>
      list.map(({ code, line, column }) => `${code} at ${line}:${column}`).join(', '),
    )
    if (expected === actual) return undefined
    const shown = found.length === 0 ? '' : `\n${renderDiagnostics(text, found)}`
    return `expected ${expected || 'none'}, actual ${actual || 'none'}${shown}`
  }

  async #expectError({ code, action }: ActionOf<'expect-error'>, line: number): Promise<string | undefined> {
    try {
      await this.#do(action, line)
    } catch (error) {
      if (error instanceof WindrowError && error.code === code) return undefined
      return `expected ${code}, actual ${describeError(error)}`
    }
    return `expected ${code}, actual no error`
  }

  /** What holds at the end of every case: nothing was emitted unseen, and the counters add up. */
  #checkRest(): void {
    for (const [name, line] of this.#watched) {
      const rest = compareRows([], this.#engines.told(name)?.rows ?? [])
      if (rest !== undefined) this.failures.push({ line, message: `rows of ${name} after its last expect\n${rest}` })
    }
    for (const [name, line] of this.#watchedLate) {
      const rest = compareLate([], this.#engines.told(name)?.late ?? [])
      if (rest !== undefined)
        this.failures.push({ line, message: `late samples of ${name} after its last expect\n${rest}` })
    }
    const law = brokenLaw(this.#engine) ?? this.#engines.brokenOrder
    if (law !== undefined) this.failures.push({ line: this.#case.line, message: law })
  }

  #compileOptions(stored: boolean): CompileOptions {
    const { minWindowMs } = this.#case.engineOptions
    return { catalog: engineCatalog(this.#engine), stored, ...(minWindowMs === undefined ? {} : { minWindowMs }) }
  }
}

function existing<T>(thing: T | undefined, what: string, name: string): T {
  if (thing === undefined) throw new StepError(`there is no ${what} ${name}`)
  return thing
}

function describeError(error: unknown): string {
  if (error instanceof WindrowError) return `${error.code}: ${error.message}`
  if (error instanceof Error) return error.message
  return String(error)
}
