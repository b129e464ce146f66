import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename, extname } from 'node:path'
import { createSampleBatch, type Engine, type IngestResult, type ReplaySource, type SampleBatch } from '@windrow/core'
import { readCsvSeries } from './csv-series.ts'
import { replayHint } from './replay-hint.ts'

const BATCH_ROWS = 4096
const BAD_LINES_NAMED = 10

export interface ReplayOptions {
  readonly file: string
  /** `SERVER/METRIC`; default server `replay`, metric = the file's base name without its extension. */
  readonly as?: string
  readonly engine: Engine
  readonly log: (line: string) => void
}

export interface ReplaySummary {
  readonly server: string
  readonly metric: string
  /** Good lines of the file. */
  readonly rows: number
  readonly badLines: number
  readonly firstMs: number
  readonly lastMs: number
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: number
  readonly shed: number
}

/**
 * Plays a CSV file into the engine as fast as it is taken, with the file's own times and as its own source,
 * so that live windows are not touched. Playing the same file again is a duplicate, batch by batch. Throws
 * `Error` when the file is missing, is not such a CSV, or has no good row.
 */
export async function replayCsv(options: ReplayOptions): Promise<ReplaySummary> {
  const { file, engine, log } = options
  const { server, metric } = replayTarget(file, options.as)
  const fileId = await hashFile(file, `${server}/${metric}`)
  const badLines = createBadLineLog(file, log)
  const batch = createSampleBatch(BATCH_ROWS)
  const totals = { rows: 0, accepted: 0, duplicates: 0, rejected: 0, shed: 0 }
  let source: ReplaySource | undefined
  let ref: ReturnType<Engine['registry']['register']> | undefined
  let firstMs = Number.POSITIVE_INFINITY
  let lastMs = Number.NEGATIVE_INFINITY
  let batchStartByte = 0
  let endByte = 0

  const send = async (): Promise<void> => {
    if (source === undefined || batch.length === 0) return
    const result = await ingestAll(engine, source, batch, `${fileId}:${batchStartByte}`)
    totals.accepted += result.accepted
    totals.duplicates += result.duplicates
    totals.rejected += result.rejected.length
    totals.shed += result.shed
    batch.clear()
    batchStartByte = endByte
  }

  for await (const row of readCsvSeries(file, { onBadLine: badLines.add })) {
    source ??= engine.replay(`replay:${server}/${metric}`)
    ref ??= engine.registry.register({ server, metric, kind: 'gauge', labels: {} })
    batch.push(ref, row.timestampMs, row.value)
    totals.rows++
    firstMs = Math.min(firstMs, row.timestampMs)
    lastMs = Math.max(lastMs, row.timestampMs)
    endByte = row.endByte
    if (batch.length === BATCH_ROWS) await send()
  }
  if (source === undefined)
    throw new Error(
      `${file}: no row with a time and a number${badLines.count > 0 ? ` (${badLines.count} bad lines)` : ''}`,
    )
  await send()
  await source.finish()

  badLines.finish()
  const summary = { server, metric, ...totals, badLines: badLines.count, firstMs, lastMs }
  log(summaryLine(file, summary))
  const hint = replayHint(engine, summary)
  if (hint !== undefined) log(hint)
  return summary
}

/** Throws `Error` when `as` is not `SERVER/METRIC`. */
export function replayTarget(file: string, as: string | undefined): { server: string; metric: string } {
  if (as === undefined) return { server: 'replay', metric: basename(file, extname(file)) }
  const slash = as.indexOf('/')
  const server = as.slice(0, Math.max(0, slash))
  const metric = as.slice(slash + 1)
  if (server === '' || metric === '') throw new Error(`a replay's name is SERVER/METRIC, got "${as}"`)
  return { server, metric }
}

/** Offers the batch again when the engine has no room; a file can wait for the storage. */
async function ingestAll(
  engine: Engine,
  source: ReplaySource,
  batch: SampleBatch,
  batchId: string,
): Promise<IngestResult> {
  for (;;) {
    const result = source.ingest(batch, { batchId })
    if (result.shed < batch.length) return result
    await engine.flush()
  }
}

/** 128 bits over the content and the name it is played under. */
async function hashFile(file: string, name: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk)
  } catch (error) {
    throw new Error(`cannot replay ${file}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
  return hash.update(`\0${name}`).digest('hex').slice(0, 32)
}

function createBadLineLog(file: string, log: (line: string) => void) {
  let count = 0
  return {
    get count() {
      return count
    },
    add(line: number, why: string) {
      count++
      if (count <= BAD_LINES_NAMED) log(`replay ${file}: line ${line} skipped: ${why}`)
    },
    finish() {
      if (count > BAD_LINES_NAMED) log(`replay ${file}: ${count - BAD_LINES_NAMED} more lines skipped`)
    },
  }
}

function summaryLine(file: string, summary: ReplaySummary): string {
  const parts = [
    `replay ${file}: ${summary.rows} rows as ${summary.server}/${summary.metric}`,
    `${new Date(summary.firstMs).toISOString()} to ${new Date(summary.lastMs).toISOString()}`,
    `${summary.badLines} bad`,
  ]
  for (const outcome of ['duplicates', 'rejected', 'shed'] as const)
    if (summary[outcome] > 0) parts.push(`${summary[outcome]} ${outcome}`)
  return parts.join(', ')
}
