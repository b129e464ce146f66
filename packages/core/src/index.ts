export type {
  BucketState,
  DistributionState,
  ExponentialBins,
  ExponentialState,
} from './aggregate/distribution-state.ts'
export { ExponentialSketch, type ExponentialSketchOptions } from './aggregate/sketch/exponential/sketch.ts'
export { decodeDistribution, decodeSketch, encodeDistribution, encodeSketch } from './aggregate/state-codec.ts'
export { createEngine } from './engine/engine.ts'
export type {
  Engine,
  EngineStats,
  IngestOptions,
  IngestResult,
  LagExplanation,
  LateRow,
  PointCounters,
  PolledSource,
  Query,
  QueryCounters,
  QueryProgress,
  QueryState,
  ReplaySource,
  RestoreOptions,
  RunOptions,
  SourceInfo,
  SourceState,
  SubscribeOptions,
  SubscriptionItem,
} from './engine/engine-api.ts'
export type { EngineOptions, RepairOptions } from './engine/options.ts'
export { WindrowError, type WindrowErrorCode, type WindrowErrorOptions } from './errors.ts'
export type { DecodeResult, RejectedPoint, RejectReason } from './ingest/decode-result.ts'
export {
  BatchColumn,
  type BatchStates,
  createSampleBatch,
  SampleBatch,
  SampleFlag,
} from './ingest/sample-batch.ts'
export type { ArithmeticOperator, ComparisonOperator, Expression } from './plan/expression.ts'
export { type KindVerdict, kindRule } from './plan/kind-rules.ts'
export type {
  AggregatePlan,
  AlignedWindowPlan,
  CalendarWindowPlan,
  ColumnPlan,
  EmitPlan,
  FillPlan,
  FixedWindowPlan,
  GroupDimension,
  LabelMatcher,
  LatePolicy,
  PercentileRank,
  QueryPlan,
  SeriesSelector,
  SessionWindowPlan,
  SourceSelector,
  TimePoint,
  WindowPlan,
} from './plan/query-plan.ts'
export type {
  Attributes,
  AttributeValue,
  CanonicalDescriptor,
  InstrumentationScope,
  MetricKind,
  SeriesDescriptor,
  SeriesInfo,
  SeriesRef,
  Temporality,
} from './registry/identity.ts'
export type { FirstPolicy, MetricDeclaration, MetricInfo } from './registry/metric-catalog.ts'
export type { Pattern, PatternMatcher } from './registry/pattern.ts'
export { compilePattern } from './registry/pattern-matcher.ts'
export { compileSelector, literalServers } from './registry/selector.ts'
export type { SeriesDirectory } from './registry/series-directory.ts'
export { createSeriesRegistry } from './registry/series-registry.ts'
export { resultToJson, type WindowResultJson } from './result/result-json.ts'
export type {
  ColumnQuality,
  ColumnSchema,
  ResultQuality,
  ResultSource,
  ResultValue,
  WindowResult,
} from './result/window-result.ts'
export { memoryStateStore } from './storage/memory-state-store.ts'
export type { StateStore } from './storage/state-store.ts'
export type {
  CatalogMetric,
  ScanRawRequest,
  ScanResultsRequest,
  StorageAdapter,
  StorageCapabilities,
  StorageCatalog,
  WriteRawContext,
} from './storage/storage-adapter.ts'
export type {
  CounterPairNumbers,
  DelayNumbers,
  EngineNumbers,
  PointNumbers,
  QueryNumbers,
  QueryPointNumbers,
  SourceNumbers,
  TenantNumbers,
} from './telemetry/engine-numbers.ts'
export { nominalWindowMs } from './window/nominal-length.ts'
