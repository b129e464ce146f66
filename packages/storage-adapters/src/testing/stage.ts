import {
  BatchColumn,
  createSampleBatch,
  createSeriesRegistry,
  type Pattern,
  type SampleBatch,
  type ScanRawRequest,
  type SeriesDescriptor,
  type SeriesDirectory,
  type SeriesRef,
  type SeriesSelector,
  type StorageAdapter,
  type WindowResult,
} from '@windrow/core'

/** One sample outside a batch; what is left out has its default. */
export interface Row {
  readonly ref: SeriesRef
  readonly timeMs: number
  readonly value: number
  readonly startMs?: number
  readonly weight?: number
  readonly flags?: number
  readonly state?: readonly number[]
}

export type ResultParts = Partial<WindowResult> & { readonly startMs: number }

let stages = 0

/** An open adapter of its own for one test, with tenants nobody else uses, and short words to work with it. */
export class Stage {
  readonly adapter: StorageAdapter
  readonly directory: SeriesDirectory
  readonly tenant: string
  #batches = 0

  constructor(adapter: StorageAdapter, directory: SeriesDirectory) {
    this.adapter = adapter
    this.directory = directory
    this.tenant = `contract-${process.pid}-${Date.now()}-${stages++}`
  }

  /** A gauge `cpu` of server `a` unless told otherwise. */
  series(parts: Partial<SeriesDescriptor> = {}): SeriesRef {
    return this.directory.register({ tenant: this.tenant, metric: 'cpu', kind: 'gauge', server: 'a', ...parts })
  }

  nextBatchId(): string {
    return `${this.tenant}-batch-${this.#batches++}`
  }

  async write(rows: readonly Row[], batchId: string = this.nextBatchId(), tenant: string = this.tenant): Promise<void> {
    await this.adapter.writeRaw(batchOf(rows), { tenant, batchId })
  }

  /** All rows of a scan, in a canonical order; fails when the batches do not partition time. */
  async read(parts: Partial<ScanRawRequest> = {}): Promise<Row[]> {
    return (await this.readInOrder(parts)).sort(compareRows)
  }

  async readInOrder(parts: Partial<ScanRawRequest> = {}): Promise<Row[]> {
    const rows: Row[] = []
    let latestMs = Number.NEGATIVE_INFINITY
    for await (const batch of this.adapter.scanRaw(this.scan(parts))) {
      checkOrder(batch, latestMs)
      for (let row = 0; row < batch.length; row++) latestMs = Math.max(latestMs, batch.timestampsMs[row]!)
      rows.push(...rowsOf(batch))
    }
    return rows
  }

  scan(parts: Partial<ScanRawRequest> = {}): ScanRawRequest {
    return { tenant: this.tenant, selector: selectorOf(), fromMs: -8e15, toMs: 8e15, ...parts }
  }

  result(parts: ResultParts): WindowResult {
    return {
      tenant: this.tenant,
      query: 'q',
      queryVersion: 1,
      group: record({}),
      endMs: parts.startMs + 10,
      values: record({ avg: 1 }),
      count: 1,
      seriesSeen: 1,
      seriesExpected: 1,
      completeness: 1,
      revision: 1,
      partial: false,
      lateApplied: 0,
      source: 'live',
      ...parts,
    }
  }

  async results(
    parts: { query?: string; queryVersion?: number; fromMs?: number; toMs?: number; tenant?: string } = {},
  ): Promise<WindowResult[]> {
    const rows: WindowResult[] = []
    const request = { tenant: this.tenant, query: 'q', fromMs: -8e15, toMs: 8e15, ...parts }
    for await (const row of this.adapter.scanResults(request)) rows.push(row)
    return rows
  }
}

/** Creates the adapter, opens it on a fresh registry, runs the body, closes it whatever happened. */
export async function onStage(
  create: () => StorageAdapter | Promise<StorageAdapter>,
  body: (stage: Stage) => Promise<void>,
): Promise<void> {
  const adapter = await create()
  try {
    const directory = createSeriesRegistry()
    await adapter.open(directory)
    await body(new Stage(adapter, directory))
  } finally {
    await adapter.close()
  }
}

export const ANY: Pattern = { kind: 'any' }

export function exact(value: string): Pattern {
  return { kind: 'exact', value }
}

export function glob(text: string): Pattern {
  return { kind: 'glob', glob: text }
}

export function servers(...patterns: Pattern[]): SeriesSelector['from'] {
  return patterns.map((pattern) => ({ dimension: 'server', pattern }))
}

/** Every series of metric `cpu` unless told otherwise. */
export function selectorOf(parts: Partial<SeriesSelector> = {}): SeriesSelector {
  return { metric: 'cpu', from: servers(ANY), except: [], where: [], ...parts }
}

/** A record without a prototype, as results carry. */
export function record<T>(entries: Readonly<Record<string, T>> | readonly (readonly [string, T])[]): Record<string, T> {
  const made: Record<string, T> = Object.create(null)
  for (const [key, value] of Array.isArray(entries) ? entries : Object.entries(entries)) made[key] = value
  return made
}

export function batchOf(rows: readonly Row[]): SampleBatch {
  const batch = createSampleBatch(Math.max(1, rows.length))
  for (const row of rows) {
    const at = batch.push(row.ref, row.timeMs, row.value)
    if (row.startMs !== undefined) batch.setStartTime(at, row.startMs)
    if (row.weight !== undefined) batch.setWeight(at, row.weight)
    if (row.flags !== undefined) batch.setFlags(at, row.flags)
    if (row.state !== undefined) batch.setState(at, Uint8Array.from(row.state))
  }
  return batch
}

/** Rows with every default left out, so that written and read rows compare equal. */
export function rowsOf(batch: SampleBatch): Row[] {
  const { columns, states } = batch
  const stateOf = new Map<number, number[]>()
  if (columns & BatchColumn.states && states !== undefined)
    for (let i = 0; i < states.count; i++)
      stateOf.set(states.rows[i]!, [...states.bytes.subarray(states.offsets[i]!, states.offsets[i + 1]!)])
  return Array.from({ length: batch.length }, (_, row) => {
    const startMs = columns & BatchColumn.startTimes ? batch.startTimesMs![row]! : 0
    const weight = columns & BatchColumn.weights ? batch.weights![row]! : 1
    const flags = columns & BatchColumn.flags ? batch.flags![row]! : 0
    const state = stateOf.get(row)
    return {
      ref: batch.series[row] as SeriesRef,
      timeMs: batch.timestampsMs[row]!,
      value: batch.values[row]!,
      ...(startMs === 0 ? {} : { startMs }),
      ...(weight === 1 ? {} : { weight }),
      ...(flags === 0 ? {} : { flags }),
      ...(state === undefined ? {} : { state }),
    }
  })
}

/** Rows of one series and time may come in any order, so they are put into one by all they hold. */
export function compareRows(a: Row, b: Row): number {
  if (a.ref !== b.ref) return a.ref - b.ref
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs
  const [left, right] = [textOf(a), textOf(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

function textOf(row: Row): string {
  const value = Object.is(row.value, -0) ? '-0' : String(row.value)
  return [value, row.startMs, row.weight, row.flags, row.state?.join('.')].join('|')
}

function checkOrder(batch: SampleBatch, latestMs: number): void {
  const latestOf = new Map<number, number>()
  for (let row = 0; row < batch.length; row++) {
    const ref = batch.series[row]!
    const timeMs = batch.timestampsMs[row]!
    if (timeMs < latestMs) throw new Error(`row ${row} at ${timeMs} is earlier than ${latestMs} of a batch before it`)
    if (timeMs < (latestOf.get(ref) ?? timeMs)) throw new Error(`row ${row}: series ${ref} goes back to ${timeMs}`)
    latestOf.set(ref, timeMs)
  }
}
