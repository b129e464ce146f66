import {
  type AggregationOption,
  AggregationTemporality,
  AggregationType,
  InstrumentType,
} from '@opentelemetry/sdk-metrics'
import type { TemporalityPreference } from './options.ts'

/** UpDownCounters stand for a level, whose changes alone would say nothing; they are always cumulative. */
export function temporalityOf(instrument: InstrumentType, preference: TemporalityPreference): AggregationTemporality {
  if (instrument === InstrumentType.UP_DOWN_COUNTER || instrument === InstrumentType.OBSERVABLE_UP_DOWN_COUNTER)
    return AggregationTemporality.CUMULATIVE
  return preference === 'delta' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE
}

/** Exponential histograms for histograms: they merge exactly over servers and windows. */
export function aggregationOf(instrument: InstrumentType): AggregationOption {
  return instrument === InstrumentType.HISTOGRAM
    ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { recordMinMax: true } }
    : { type: AggregationType.DEFAULT }
}
