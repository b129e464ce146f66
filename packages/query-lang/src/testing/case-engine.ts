import type { Engine, LateRow, Query, QueryProgress, WindowResult } from '@windrow/core'
import { GENERATION_SIZE } from './row-match.ts'
import { printScriptTime, SCRIPT_EPOCH_MS } from './script-time.ts'

/** What listeners of a query were told and no expectation has taken yet. */
export interface Told {
  readonly rows: WindowResult[]
  readonly late: LateRow[]
  /** The newest, and how many there were. */
  progress: QueryProgress | undefined
  progressCount: number
}

/** The engine of a case, through all its lives, and what its queries told. */
export class CaseEngine {
  readonly #create: () => Promise<Engine>
  #current: Engine
  #saved: readonly Uint8Array[] | undefined
  readonly #told = new Map<string, Told>()
  /** Greatest revision of each row of each query. */
  readonly #revisions = new Map<string, number>()
  /** The first row that did not come with a greater revision than the one before. */
  brokenOrder: string | undefined

  private constructor(create: () => Promise<Engine>, first: Engine) {
    this.#create = create
    this.#current = first
  }

  static async open(create: () => Promise<Engine>): Promise<CaseEngine> {
    return new CaseEngine(create, await create())
  }

  get current(): Engine {
    return this.#current
  }

  /** What the listeners of a query were told; undefined when there never was one of the name. */
  told(name: string): Told | undefined {
    return this.#told.get(name)
  }

  listenTo(query: Query): void {
    const { name } = query
    const told: Told = this.#told.get(name) ?? { rows: [], late: [], progress: undefined, progressCount: 0 }
    this.#told.set(name, told)
    query.subscribe((row) => {
      this.#checkOrder(name, row)
      told.rows.push(row)
    })
    query.subscribeLate((late) => told.late.push(late))
    query.subscribeProgress((progress) => {
      told.progress = progress
      told.progressCount++
    })
  }

  save(): void {
    this.#saved = [...this.#current.snapshot()].map((chunk) => chunk.slice())
  }

  /** Ends the engine and begins the next one with what was saved. Returns false when nothing was. */
  async restore(gapUntilMs: number | undefined): Promise<boolean> {
    if (this.#saved === undefined) return false
    await this.#current.close()
    this.#current = await this.#create()
    await this.#current.restore(this.#saved, gapUntilMs === undefined ? {} : { gapUntilMs })
    for (const query of this.#current.queries()) this.listenTo(query)
    return true
  }

  close(): Promise<void> {
    return this.#current.close()
  }

  #checkOrder(name: string, { queryVersion, group, startMs, revision, source }: WindowResult): void {
    // A replay has windows of its own.
    if (source === 'replay') return
    const key = JSON.stringify([name, queryVersion, group, startMs])
    const before = this.#revisions.get(key)
    if (before !== undefined && revision <= before)
      this.brokenOrder ??= `a row of ${name} at ${printScriptTime(startMs - SCRIPT_EPOCH_MS)} came with the revision ${printRevision(revision)} after ${printRevision(before)}`
    this.#revisions.set(key, Math.max(revision, before ?? 0))
  }
}

function printRevision(revision: number): string {
  return `${Math.floor(revision / GENERATION_SIZE)}.${revision % GENERATION_SIZE}`
}
