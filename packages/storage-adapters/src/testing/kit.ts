import type { StorageAdapter, StorageCapabilities } from '@windrow/core'
import type { ExpectStatic, SuiteAPI, TestAPI } from 'vitest'
import type { Stage } from './stage.ts'

/** What the topics of the suite are written with. */
export interface ContractKit {
  readonly describe: SuiteAPI
  readonly expect: ExpectStatic
  readonly test: TestAPI
  readonly fc: typeof import('fast-check')
  readonly capabilities: StorageCapabilities
  readonly create: () => StorageAdapter | Promise<StorageAdapter>
  readonly propertyRuns: number
  /** A time that fits the adapter's resolution. */
  readonly startMs: number
  /** A test with an open adapter of its own. */
  scenario(title: string, body: (stage: Stage) => Promise<void>): void
  /** The same, skipped unless the adapter declares itself capable. */
  scenarioIf(capable: boolean, title: string, body: (stage: Stage) => Promise<void>): void
}
