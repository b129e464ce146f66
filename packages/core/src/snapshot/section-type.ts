import type { StateReader } from './state-reader.ts'

/**
 * What a section holds. Numbers are for ever: a section whose payload changes takes a new number, and the old one
 * stays as long as snapshots of that time are read.
 */
export const SectionType = {
  /** Tenants and metrics with their declarations. */
  catalog: 1,
  resources: 2,
  scopes: 3,
  series: 4,
  seriesProgress: 5,
  seenSeconds: 6,
  /** Since when running histograms are observed. */
  cumulativeStart: 7,
  cumulativeDistributions: 8,
  /** Generation, windows that wait for repair. */
  engine: 9,
  /** One tenant: its sources, batch ids, queries and windows. */
  tenant: 10,
} as const
export type SectionType = (typeof SectionType)[keyof typeof SectionType]

/** Takes in one section and reads all of it. A state of several sections of a type comes in as many calls, in order. */
export type LoadSection = (reader: StateReader) => void

/** By section type. */
export type SectionLoaders = Readonly<Partial<Record<number, LoadSection>>>
