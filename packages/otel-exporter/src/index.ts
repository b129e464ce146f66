export type { ExporterCounters, TemporalityPreference, WindrowExporterOptions } from './options.ts'
export { createWindrowExporter, WindrowMetricExporter } from './windrow-metric-exporter.ts'
