export type {
  CounterPairNumbers,
  DelayNumbers,
  EngineNumbers,
  PointNumbers,
  QueryNumbers,
  QueryPointNumbers,
  SourceNumbers,
  TenantNumbers,
} from './engine-numbers.ts'
export { type InstrumentOptions, instrumentEngine } from './instrument-engine.ts'
