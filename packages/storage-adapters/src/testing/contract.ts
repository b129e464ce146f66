import type { StorageAdapter, StorageCapabilities } from '@windrow/core'
import { abortContract } from './abort.ts'
import { boundsContract } from './bounds.ts'
import { columnsContract } from './columns.ts'
import { deletionContract } from './deletion.ts'
import { idempotenceContract } from './idempotence.ts'
import type { ContractKit } from './kit.ts'
import { labelsContract } from './labels.ts'
import { lifecycleContract } from './lifecycle.ts'
import { oracleContract } from './oracle.ts'
import { orderContract } from './order.ts'
import { resultsContract } from './results.ts'
import { selectorsContract } from './selectors.ts'
import { onStage } from './stage.ts'
import { statesContract } from './states.ts'
import { tenantsContract } from './tenants.ts'
import { writeReadContract } from './write-read.ts'

export interface StorageContractOptions {
  /** Title of the suite. */
  readonly name: string
  /** Makes an adapter that has not been opened. Called for every test; what earlier ones stored may still be there. */
  readonly create: () => StorageAdapter | Promise<StorageAdapter>
  /** Runs of the comparison with an array, default 50. */
  readonly propertyRuns?: number
}

/**
 * Declares the suite every storage adapter has to pass, in the running vitest file: `await` it at the top
 * level. Tests are skipped only where the adapter's own `capabilities` say so. Needs `vitest` and
 * `fast-check`, which are loaded here and not before.
 */
export async function storageContract(options: StorageContractOptions): Promise<void> {
  const [{ describe, expect, test }, fc] = await Promise.all([import('vitest'), import('fast-check')])
  const capabilities = await capabilitiesOf(options)
  const kit: ContractKit = {
    describe,
    expect,
    test,
    fc,
    capabilities,
    create: options.create,
    propertyRuns: options.propertyRuns ?? 50,
    startMs: Math.ceil(1_700_000_000_000 / capabilities.resolutionMs) * capabilities.resolutionMs,
    scenario: (title, body) => test(title, () => onStage(options.create, body)),
    scenarioIf: (capable, title, body) => test.skipIf(!capable)(title, () => onStage(options.create, body)),
  }
  describe(`storage contract: ${options.name}`, () => {
    writeReadContract(kit)
    boundsContract(kit)
    orderContract(kit)
    labelsContract(kit)
    selectorsContract(kit)
    columnsContract(kit)
    statesContract(kit)
    idempotenceContract(kit)
    resultsContract(kit)
    tenantsContract(kit)
    deletionContract(kit)
    lifecycleContract(kit)
    abortContract(kit)
    oracleContract(kit)
  })
}

async function capabilitiesOf(options: StorageContractOptions): Promise<StorageCapabilities> {
  const adapter = await options.create()
  await adapter.close()
  return adapter.capabilities
}
