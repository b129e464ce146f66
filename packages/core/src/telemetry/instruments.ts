import type { Attributes, Meter, Observable } from '@opentelemetry/api'
import type {
  CounterPairNumbers,
  EngineNumbers,
  PointNumbers,
  QueryNumbers,
  QueryPointNumbers,
  TenantNumbers,
} from './engine-numbers.ts'

type Observe = (value: number, attributes?: Attributes) => void

/** One metric: what it is, and how its values are read off the plain numbers. */
export interface Instrument {
  readonly name: string
  /** `counter` and `size` add up over attributes; a `gauge` does not. */
  readonly type: 'counter' | 'size' | 'gauge'
  /** UCUM, as the semantic conventions want it: seconds and bytes, and what is counted in braces. */
  readonly unit: string
  readonly description: string
  readonly read: (numbers: EngineNumbers, observe: Observe) => void
}

export interface InstrumentLimits {
  /** Sources of a tenant that are reported one by one. */
  readonly maxSources: number
}

/** All metrics of an engine. Attributes: `windrow.tenant`, `windrow.query`, `windrow.source`, states, `reason`. */
export function instruments({ maxSources }: InstrumentLimits): Instrument[] {
  return [
    ...pointInstruments(),
    ...counterPairInstruments(),
    ...queryInstruments(),
    ...sourceInstruments(maxSources),
    ...tenantInstruments(),
    ...engineInstruments(),
  ]
}

export function createObservable(meter: Meter, { name, type, unit, description }: Instrument): Observable {
  const options = { unit, description }
  if (type === 'counter') return meter.createObservableCounter(name, options)
  if (type === 'size') return meter.createObservableUpDownCounter(name, options)
  return meter.createObservableGauge(name, options)
}

function pointInstruments(): Instrument[] {
  const counter = (name: string, description: string, of: (points: PointNumbers) => number): Instrument => ({
    name: `windrow.points.${name}`,
    type: 'counter',
    unit: '{point}',
    description,
    read: perTenant(({ points }) => of(points)),
  })
  return [
    counter('received', 'Points that came, whatever became of them.', ({ received }) => received),
    counter('accepted', 'Points taken.', ({ accepted }) => accepted),
    counter('duplicate', 'Points that had come before.', ({ duplicate }) => duplicate),
    counter('shed', 'Points refused for lack of room, to be sent again.', ({ shed }) => shed),
    {
      name: 'windrow.points.rejected',
      type: 'counter',
      unit: '{point}',
      description: 'Points refused for what they are, by reason.',
      read: ({ tenants }, observe) => {
        for (const { tenant, points } of tenants)
          for (const [reason, count] of Object.entries(points.rejected))
            observe(count, { 'windrow.tenant': tenant, reason })
      },
    },
    counter(
      'duplicate_conflict',
      'Part of the duplicates: same series and time, other value.',
      ({ duplicateConflict }) => duplicateConflict,
    ),
    counter(
      'precision_lost',
      'Part of the accepted: integers beyond 2^53, rounded.',
      ({ precisionLost }) => precisionLost,
    ),
  ]
}

function counterPairInstruments(): Instrument[] {
  const counter = (name: string, description: string, of: (pairs: CounterPairNumbers) => number): Instrument => ({
    name: `windrow.counter.${name}`,
    type: 'counter',
    unit: '{point}',
    description,
    read: perTenant(({ counterPairs }) => of(counterPairs)),
  })
  return [
    counter('resets', 'Points that showed that their counter began anew.', ({ resets }) => resets),
    counter('overlaps', 'Points without an amount: two writers of a series overlap.', ({ overlaps }) => overlaps),
    counter(
      'indeterminate',
      'Points without an amount: none can be told from the values.',
      ({ indeterminate }) => indeterminate,
    ),
    counter(
      'paired_early',
      'Points paired before the watermark: their series held too many.',
      ({ pairedEarly }) => pairedEarly,
    ),
  ]
}

function queryInstruments(): Instrument[] {
  const counter = (name: string, description: string, of: (counters: QueryPointNumbers) => number): Instrument => ({
    name: `windrow.query.points.${name}`,
    type: 'counter',
    unit: '{point}',
    description,
    read: perQuery(({ counters }) => of(counters)),
  })
  const gauge = (
    name: string,
    unit: string,
    description: string,
    of: (query: QueryNumbers, numbers: EngineNumbers) => number | null,
  ): Instrument => ({ name: `windrow.query.${name}`, type: 'gauge', unit, description, read: perQuery(of) })
  return [
    counter('matched', 'Points the query selects, whatever became of them.', ({ matched }) => matched),
    counter('applied', 'Points in time for all their windows.', ({ applied }) => applied),
    counter('late_applied', 'Points that revised an emitted window.', ({ lateApplied }) => lateApplied),
    counter('to_repair', 'Points too late to revise, whose window is to be repaired.', ({ toRepair }) => toRepair),
    counter('to_side', 'Points too late to revise, handed to the late sink.', ({ toSide }) => toSide),
    counter('late_dropped', 'Points too late to revise, and left out.', ({ lateDropped }) => lateDropped),
    counter('excluded', 'Points without a value: NaN, reported gaps.', ({ excluded }) => excluded),
    {
      name: 'windrow.query.rows.emitted',
      type: 'counter',
      unit: '{row}',
      description: 'Rows emitted, revisions included.',
      read: perQuery(({ rowsEmitted }) => rowsEmitted),
    },
    {
      name: 'windrow.query.windows.fired',
      type: 'counter',
      unit: '{window}',
      description: 'Windows emitted in full for the first time.',
      read: perQuery(({ fireDelayMs }) => fireDelayMs.count),
    },
    {
      name: 'windrow.query.fire_delay.sum',
      type: 'counter',
      unit: 's',
      description: 'Time from the end of each window to its first full emission, summed over the windows fired.',
      read: perQuery(({ fireDelayMs }) => seconds(fireDelayMs.sum)),
    },
    gauge('fire_delay.max', 's', 'The longest time from the end of a window to its first full emission.', (query) =>
      query.fireDelayMs.count === 0 ? null : seconds(query.fireDelayMs.max),
    ),
    gauge('fire_delay.last', 's', 'The same time of the newest window fired.', (query) =>
      query.fireDelayMs.count === 0 ? null : seconds(query.fireDelayMs.last),
    ),
    gauge('lag', 's', 'Time since the end of the newest window emitted.', ({ lagMs }) => seconds(lagMs)),
    gauge('final_lag', 's', 'Time since the end of the newest window that changes no more.', (query, { nowMs }) =>
      seconds(nowMs - query.finalThroughMs),
    ),
    gauge(
      'state.items',
      '{item}',
      'Panes or sessions of the store of the query; queries that share a store report all of it.',
      ({ stateItems }) => stateItems,
    ),
    gauge(
      'state.size',
      'By',
      'Bytes of the store of the query; queries that share a store report all of it.',
      ({ stateBytes }) => stateBytes,
    ),
    {
      name: 'windrow.query.count',
      type: 'size',
      unit: '{query}',
      description: 'Stored queries by state.',
      read: ({ tenants }, observe) => {
        for (const { tenant, queries } of tenants)
          for (const state of ['running', 'paused', 'invalid'] as const)
            observe(queries.filter((query) => query.state === state).length, {
              'windrow.tenant': tenant,
              'windrow.query.state': state,
            })
      },
    },
  ]
}

function sourceInstruments(maxSources: number): Instrument[] {
  return [
    {
      name: 'windrow.source.count',
      type: 'size',
      unit: '{source}',
      description: 'Sources by state.',
      read: ({ tenants }, observe) => {
        for (const { tenant, sources } of tenants)
          for (const state of ['active', 'idle', 'catching-up', 'stalled'] as const)
            observe(sources.filter((source) => source.state === state).length, {
              'windrow.tenant': tenant,
              'windrow.source.state': state,
            })
      },
    },
    {
      name: 'windrow.source.lag',
      type: 'gauge',
      unit: 's',
      description: 'How far the source is behind the clock, its disorder included.',
      read: ({ tenants, nowMs }, observe) => {
        for (const { tenant, sources } of tenants)
          for (const { source, watermarkMs } of sources.slice(0, maxSources))
            observeKnown(observe, seconds(nowMs - watermarkMs), { 'windrow.tenant': tenant, 'windrow.source': source })
      },
    },
    {
      name: 'windrow.source.backlog',
      type: 'gauge',
      unit: '{record}',
      description: 'Records a polled source has left to read.',
      read: ({ tenants }, observe) => {
        for (const { tenant, sources } of tenants)
          for (const { source, kind, backlog } of sources.slice(0, maxSources))
            if (kind === 'polled') observe(backlog, { 'windrow.tenant': tenant, 'windrow.source': source })
      },
    },
  ]
}

function tenantInstruments(): Instrument[] {
  const of = (
    name: string,
    type: 'size' | 'gauge',
    unit: string,
    description: string,
    value: (tenant: TenantNumbers) => number | null,
  ): Instrument => ({ name: `windrow.${name}`, type, unit, description, read: perTenant(value) })
  return [
    of('lag', 'gauge', 's', 'Time since the watermark.', ({ lagMs }) => seconds(lagMs)),
    of('state.items', 'size', '{item}', 'Panes and sessions of all queries.', ({ stateItems }) => stateItems),
    of('state.size', 'size', 'By', 'Bytes of the stores of all queries.', ({ stateBytes }) => stateBytes),
    of('windows.dirty', 'size', '{window}', 'Windows that wait for their repair.', ({ dirtyWindows }) => dirtyWindows),
    of('clock.suspect', 'gauge', '1', '1 while most sources say that the clock of the engine is slow.', (tenant) =>
      tenant.isClockSuspect ? 1 : 0,
    ),
  ]
}

function engineInstruments(): Instrument[] {
  const of = (
    name: string,
    type: Instrument['type'],
    unit: string,
    description: string,
    value: (numbers: EngineNumbers) => number | null,
  ): Instrument => ({
    name: `windrow.${name}`,
    type,
    unit,
    description,
    read: (numbers, observe) => observeKnown(observe, value(numbers)),
  })
  return [
    of('clock.step', 'gauge', 's', 'Step of the system time that the engine does not follow.', ({ clockStepMs }) =>
      seconds(clockStepMs),
    ),
    of('series.count', 'size', '{series}', 'Series known.', ({ seriesCount }) => seriesCount),
    of('pane.count', 'size', '{item}', 'Panes and sessions held.', ({ paneCount }) => paneCount),
    of('engine.state.size', 'size', 'By', 'All state: stores, series, de-duplication.', ({ stateBytes }) => stateBytes),
    of('write_queue.size', 'size', '{row}', 'Rows that wait for the storage.', ({ writeQueueRows }) => writeQueueRows),
    of('write_queue.limit', 'size', '{row}', 'Rows that may wait.', ({ writeQueueLimit }) => writeQueueLimit),
    of('storage.errors', 'counter', '{error}', 'Writes that failed.', ({ storageErrors }) => storageErrors),
    of('snapshot.age', 'gauge', 's', 'Time since the newest complete snapshot.', ({ snapshotMs, nowMs }) =>
      snapshotMs === null ? null : seconds(nowMs - snapshotMs),
    ),
  ]
}

function perTenant(value: (tenant: TenantNumbers) => number | null): Instrument['read'] {
  return ({ tenants }, observe) => {
    for (const tenant of tenants) observeKnown(observe, value(tenant), { 'windrow.tenant': tenant.tenant })
  }
}

function perQuery(value: (query: QueryNumbers, numbers: EngineNumbers) => number | null): Instrument['read'] {
  return (numbers, observe) => {
    for (const { tenant, queries } of numbers.tenants)
      for (const query of queries)
        observeKnown(observe, value(query, numbers), { 'windrow.tenant': tenant, 'windrow.query': query.query })
  }
}

/** What is not known yet is not reported: an infinity or a zero would be taken for a measurement. */
function observeKnown(observe: Observe, value: number | null, attributes?: Attributes): void {
  if (value !== null && Number.isFinite(value)) observe(value, attributes)
}

function seconds(ms: number): number
function seconds(ms: number | null): number | null
function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000
}
