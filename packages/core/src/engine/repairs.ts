import type { RepairKey } from '../repair/dirty-windows.ts'
import type { RepairHost } from '../repair/repair-host.ts'
import { Repairer } from '../repair/repairer.ts'
import type { RunningQuery } from '../window/running-query.ts'
import { windowScheme } from '../window/scheme-of.ts'
import type { WindowScheme } from '../window/window-scheme.ts'
import type { ResolvedEngineOptions } from './options.ts'

export interface RepairsOptions {
  readonly host: RepairHost
  readonly options: ResolvedEngineOptions
}

/** Where late samples of one query lie: `[start, end)` of the panes or cells that hold them. */
interface LateTimes {
  readonly key: RepairKey
  readonly scheme: WindowScheme
  readonly ends: Map<number, number>
}

/** Turns late samples into windows to be computed anew, a tick at a time: late samples come in crowds. */
export class Repairs {
  readonly #repairer: Repairer
  readonly #host: RepairHost
  readonly #late = new Map<RunningQuery, LateTimes>()

  constructor({ host, options }: RepairsOptions) {
    const { everyMs, maxDirtyWindows, maxRowsPerSecond, maxWindowRows } = options.repair ?? {}
    this.#repairer = new Repairer(host, {
      ...(everyMs === undefined ? {} : { everyMs }),
      ...(maxDirtyWindows === undefined ? {} : { maxDirtyWindows }),
      ...(maxRowsPerSecond === undefined ? {} : { maxRowsPerSecond }),
      ...(maxWindowRows === undefined ? {} : { maxWindowRows }),
      stateStore: options.stateStore,
    })
    this.#host = host
  }

  /** Windows of a tenant that wait to be computed anew. */
  dirtyWindowsOf(tenant: string): number {
    return this.#repairer.dirtyWindows(tenant)
  }

  /** The windows that wait, for a snapshot. */
  save(): Uint8Array {
    if (this.#late.size > 0) this.#mark()
    return this.#repairer.save()
  }

  load(bytes: Uint8Array): void {
    this.#repairer.load(bytes)
  }

  open(): Promise<void> {
    return this.#repairer.open()
  }

  /** Notes the time of a sample that windows do not have; all that hold it are marked at the next tick. */
  note(query: RunningQuery, timeMs: number): void {
    const late = this.#late.get(query) ?? this.#lateTimes(query)
    const { startMs, endMs } = late.scheme.paneAround(timeMs)
    late.ends.set(startMs, endMs)
  }

  tick(nowMs: number): void {
    if (this.#late.size > 0) this.#mark()
    this.#repairer.tick(nowMs)
  }

  /** Settles when all late samples so far are durably marked. */
  async saved(): Promise<void> {
    if (this.#late.size > 0) this.#mark()
    await this.#repairer.saved()
  }

  /** Settles when nothing is under way. */
  async settled(): Promise<void> {
    if (this.#late.size > 0) this.#mark()
    await this.#repairer.settled()
  }

  async close(): Promise<void> {
    if (this.#late.size > 0) this.#mark()
    await this.#repairer.close()
  }

  #lateTimes(query: RunningQuery): LateTimes {
    const { tenant, name, version, plan } = query
    const { window } = plan
    const late = {
      key: { tenant, query: name, queryVersion: version },
      // Sessions are computed anew by whole cells, over whose edges none goes.
      scheme: windowScheme(
        window.type === 'session' ? { type: 'fixed', sizeMs: window.maxMs, stepMs: window.maxMs, offsetMs: 0 } : window,
      ),
      ends: new Map<number, number>(),
    }
    this.#late.set(query, late)
    return late
  }

  #mark(): void {
    const writeNumber = this.#host.lastWriteNumber()
    for (const { key, scheme, ends } of this.#late.values()) {
      const starts = [...ends.keys()].sort((a, b) => a - b)
      for (let at = 0; at < starts.length; ) {
        const fromMs = starts[at]!
        let toMs = ends.get(fromMs)!
        for (at++; at < starts.length && starts[at]! <= toMs; at++) toMs = ends.get(starts[at]!)!
        this.#repairer.markRange(key, scheme, fromMs, toMs, writeNumber)
      }
    }
    this.#late.clear()
  }
}
