import type { EngineStats } from '@windrow/core'
import type { ServerContext } from '../context.ts'
import type { StoredQueryView } from '../queries/stored-queries.ts'
import { TENANT } from '../tenant.ts'
import { type MetricsText, one } from './metrics-text.ts'

const SOURCE_STATES = ['active', 'idle', 'catching-up', 'stalled'] as const

/** What came in, by what became of it. */
export function pointMetrics(text: MetricsText, { tenants }: EngineStats): void {
  text.family(
    'windrow_points_received_total',
    'counter',
    'Points received: the sum of windrow_points_total over outcome and reason.',
    tenants.map(({ tenant, points }) => [{ tenant }, points.received]),
  )
  text.family(
    'windrow_points_total',
    'counter',
    'Points by outcome (accepted, duplicate, shed, rejected) and, where rejected, reason.',
    tenants.flatMap(({ tenant, points }) => [
      [{ tenant, outcome: 'accepted', reason: '' }, points.accepted] as const,
      [{ tenant, outcome: 'duplicate', reason: '' }, points.duplicate] as const,
      [{ tenant, outcome: 'shed', reason: '' }, points.shed] as const,
      ...Object.entries(points.rejected).map(
        ([reason, count]) => [{ tenant, outcome: 'rejected', reason }, count] as const,
      ),
    ]),
  )
  text.family(
    'windrow_point_conflicts_total',
    'counter',
    'Duplicates (part of them) whose value differs from the one that was kept.',
    tenants.map(({ tenant, points }) => [{ tenant }, points.duplicateConflict]),
  )
  text.family(
    'windrow_points_rounded_total',
    'counter',
    'Accepted points (part of them) whose integer was beyond 2^53 and was rounded.',
    tenants.map(({ tenant, points }) => [{ tenant }, points.precisionLost]),
  )
}

/** How far event time is behind, and whether the clock can be trusted. */
export function timeMetrics(text: MetricsText, { nowMs, clockStepMs, tenants }: EngineStats): void {
  const sources = tenants.flatMap(({ tenant, sources: of }) => of.map((source) => ({ tenant, ...source })))
  text.family(
    'windrow_watermark_lag_seconds',
    'gauge',
    'How far the watermark of a source is behind the present.',
    sources
      .filter(({ watermarkMs }) => Number.isFinite(watermarkMs))
      .map(({ tenant, source, kind, watermarkMs }) => [{ tenant, source, kind }, (nowMs - watermarkMs) / 1000]),
  )
  text.family(
    'windrow_tenant_lag_seconds',
    'gauge',
    'How far the watermark that windows wait for is behind the present.',
    tenants.flatMap(({ tenant, lagMs }) => (lagMs === null ? [] : [[{ tenant }, lagMs / 1000] as const])),
  )
  text.family(
    'windrow_source_state',
    'gauge',
    '1 for the state (active, idle, catching-up, stalled) a source is in; idle and stalled ones are not waited for.',
    sources.flatMap(({ tenant, source, state }) =>
      SOURCE_STATES.map((name) => [{ tenant, source, state: name }, name === state ? 1 : 0] as const),
    ),
  )
  text.family(
    'windrow_source_disorder_seconds',
    'gauge',
    'How far behind its newest sample the samples of a source still come.',
    sources.map(({ tenant, source, disorderMs }) => [{ tenant, source }, disorderMs / 1000]),
  )
  text.family(
    'windrow_source_backlog_records',
    'gauge',
    'Records a source that is polled has left to read.',
    sources.filter(({ kind }) => kind === 'polled').map(({ tenant, source, backlog }) => [{ tenant, source }, backlog]),
  )
  text.family(
    'windrow_clock_step_seconds',
    'gauge',
    'Step of the system time that the clock of the server does not follow at once; positive: the system is ahead.',
    one(clockStepMs / 1000),
  )
  text.family(
    'windrow_clock_suspect',
    'gauge',
    '1 while most senders of a tenant are ahead of the clock of the server, so that it is the one that is wrong.',
    tenants.map(({ tenant, isClockSuspect }) => [{ tenant }, Number(isClockSuspect)]),
  )
}

/** What each stored query took, gave out and holds. */
export function queryMetrics(text: MetricsText, { tenants }: EngineStats, views: readonly StoredQueryView[]): void {
  const queries = tenants.flatMap(({ tenant, queries: of }) =>
    of.map((numbers) => ({ ...numbers, labels: { tenant, query: numbers.query } })),
  )
  text.family(
    'windrow_query_points_matched_total',
    'counter',
    'Points matched by a stored query: the sum of windrow_query_points_total over outcome.',
    queries.map(({ labels, counters }) => [labels, counters.matched]),
  )
  text.family(
    'windrow_query_points_total',
    'counter',
    'Points matched by a stored query, by their worst outcome over its windows.',
    queries.flatMap(({ labels, counters }) =>
      Object.entries(counters)
        .filter(([outcome]) => outcome !== 'matched')
        .map(([outcome, count]) => [{ ...labels, outcome }, count] as const),
    ),
  )
  text.family(
    'windrow_query_rows_total',
    'counter',
    'Rows a stored query has given out: early ones, corrections and retractions included.',
    queries.map(({ labels, rowsEmitted }) => [labels, rowsEmitted]),
  )
  text.family(
    'windrow_query_windows_total',
    'counter',
    'Windows a stored query has given out in full, each counted once.',
    queries.map(({ labels, fireDelayMs }) => [labels, fireDelayMs.count]),
  )
  text.summary(
    'windrow_query_fire_delay_seconds',
    'How long after its end each window was first given out in full.',
    queries.map(({ labels, fireDelayMs: { sum, count } }) => [labels, { sum: sum / 1000, count }]),
  )
  text.family(
    'windrow_query_fire_delay_max_seconds',
    'gauge',
    'The longest of these delays since the start.',
    queries.map(({ labels, fireDelayMs }) => [labels, fireDelayMs.max / 1000]),
  )
  text.family(
    'windrow_query_lag_seconds',
    'gauge',
    'How far the end of the newest window given out is behind the present.',
    queries.flatMap(({ labels, lagMs }) => (lagMs === null ? [] : [[labels, lagMs / 1000] as const])),
  )
  text.family(
    'windrow_query_state_bytes',
    'gauge',
    'Memory of the store of a stored query; queries on the same series and groups share one and each report all of it.',
    queries.map(({ labels, stateBytes }) => [labels, stateBytes]),
  )
  text.family(
    'windrow_query_state_items',
    'gauge',
    'Panes or sessions of that store.',
    queries.map(({ labels, stateItems }) => [labels, stateItems]),
  )
  text.family(
    'windrow_query_versions',
    'gauge',
    'Versions of a stored query that still have windows: above 1 while an older one finishes what it began.',
    queries.map(({ labels, versions }) => [labels, versions.length]),
  )
  text.family(
    'windrow_query_state',
    'gauge',
    '1 for the state (running, paused, invalid) a stored query is in.',
    views.map(({ name, state }) => [{ tenant: TENANT, query: name, state }, 1]),
  )
}

/** What is held, what waits, and how well it is kept. */
export function stateMetrics(text: MetricsText, numbers: EngineStats, context: ServerContext): void {
  text.family('windrow_series', 'gauge', 'Series known.', one(numbers.seriesCount))
  text.family('windrow_panes', 'gauge', 'Live panes and sessions of all windows.', one(numbers.paneCount))
  text.family('windrow_state_bytes', 'gauge', 'Memory of window state.', one(numbers.stateBytes))
  text.family(
    'windrow_dirty_windows',
    'gauge',
    'Windows that a late sample changed after they were final and that wait for their repair.',
    numbers.tenants.map(({ tenant, dirtyWindows }) => [{ tenant }, dirtyWindows]),
  )
  text.family('windrow_write_queue_rows', 'gauge', 'Rows on their way to the storage.', one(numbers.writeQueueRows))
  text.family(
    'windrow_write_queue_limit_rows',
    'gauge',
    'Rows that may be on their way before batches are shed.',
    one(numbers.writeQueueLimit),
  )
  text.family('windrow_storage_bytes', 'gauge', 'Bytes the storage holds.', one(context.storageBytes()))
  text.family('windrow_storage_errors_total', 'counter', 'Writes the storage failed.', one(numbers.storageErrors))

  const { lastMs, lastBytes, lastDurationMs, taken, failed } = context.snapshots.status
  text.family('windrow_snapshots_total', 'counter', 'Snapshots of the open windows, by outcome (saved, failed).', [
    [{ outcome: 'saved' }, taken],
    [{ outcome: 'failed' }, failed],
  ])
  text.family(
    'windrow_snapshot_timestamp_seconds',
    'gauge',
    'Moment the last saved snapshot is of, Unix time; absent before the first.',
    lastMs === null ? [] : one(lastMs / 1000),
  )
  text.family('windrow_snapshot_bytes', 'gauge', 'Size of the last saved snapshot.', one(lastBytes))
  text.family(
    'windrow_snapshot_duration_seconds',
    'gauge',
    'How long the last saved snapshot took until it was durable.',
    one(lastDurationMs / 1000),
  )
  text.family(
    'windrow_snapshot_set_aside',
    'gauge',
    '1 when the snapshot of the life before could not be restored.',
    one(Number(context.restored.kind === 'set-aside')),
  )
}
