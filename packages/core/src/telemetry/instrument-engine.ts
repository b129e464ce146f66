import { type BatchObservableCallback, type Meter, type MeterProvider, metrics } from '@opentelemetry/api'
import type { EngineNumbers } from './engine-numbers.ts'
import { createObservable, instruments } from './instruments.ts'

const SCOPE = '@windrow/core'
const MAX_SOURCES = 256

export interface InstrumentOptions {
  /** Default: a meter named `@windrow/core` of the provider. */
  readonly meter?: Meter | undefined
  /** Default: the global one, which has to be registered before. */
  readonly meterProvider?: MeterProvider | undefined
  /** Sources of a tenant reported one by one, the first ones known; the others are only counted. Default 256. */
  readonly maxSources?: number | undefined
}

/**
 * Reports what an engine says about itself as OpenTelemetry metrics `windrow.*`, times in seconds, sizes in bytes. All
 * values of one collection come from one reading of `stats()`. Returns the way out: after it nothing is reported.
 *
 * Attributes are `windrow.tenant`, `windrow.query`, `windrow.source`, `windrow.query.state`, `windrow.source.state` and
 * `reason`. The SDK folds more than 2,000 attribute sets of a metric into one: with more queries than that raise the
 * `aggregationCardinalityLimit` of a view. Under cumulative temporality it also goes on giving the last values of
 * queries and sources that are gone; under delta temporality it does not.
 */
export function instrumentEngine(engine: { stats(): EngineNumbers }, options: InstrumentOptions = {}): () => void {
  const { maxSources = MAX_SOURCES } = options
  if (!(Number.isInteger(maxSources) && maxSources >= 0))
    throw new RangeError(`maxSources is ${maxSources}; it has to be a whole number from 0`)
  const meter = options.meter ?? (options.meterProvider ?? metrics.getMeterProvider()).getMeter(SCOPE)
  const parts = instruments({ maxSources }).map((instrument) => ({
    read: instrument.read,
    observable: createObservable(meter, instrument),
  }))
  const observables = parts.map(({ observable }) => observable)
  const report: BatchObservableCallback = (result) => {
    const numbers = engine.stats()
    for (const { read, observable } of parts)
      read(numbers, (value, attributes) => result.observe(observable, value, attributes))
  }
  meter.addBatchObservableCallback(report, observables)
  return () => meter.removeBatchObservableCallback(report, observables)
}
