import { WindrowError } from '../errors.ts'
import type { PolledSource } from './engine-api.ts'
import type { Intake } from './intake.ts'
import type { Tenant } from './tenant.ts'

export interface PolledSourceHost {
  readonly intake: Intake
  nowMs(): number
  /** Throws when the engine is closed. */
  checkOpen(): void
}

/** Declares a polled source. Throws `SOURCE_KIND_CONFLICT` when the name is in use. */
export function openPolledSource(tenant: Tenant, name: string, host: PolledSourceHost): PolledSource {
  if (!tenant.sources.open(name, host.nowMs()))
    throw new WindrowError('SOURCE_KIND_CONFLICT', `there is a source ${name} already`, {
      hint: 'close it first, or choose another name',
      details: { source: name },
    })
  let isOpen = true
  const checkSource = (): void => {
    if (!isOpen) throw new TypeError(`the source ${name} was closed; open a new one`)
  }
  return {
    get offset() {
      return tenant.offsets.get(name)
    },
    ingest: (batch, { backlog, batchId, offset }) => {
      checkSource()
      host.checkOpen()
      const result = host.intake.ingest(tenant, batch, name, batchId, backlog)
      // What was shed is to be read again.
      if (offset !== undefined && result.shed === 0) tenant.offsets.set(name, offset)
      return result
    },
    caughtUp: () => {
      checkSource()
      tenant.sources.caughtUp(name, host.nowMs())
    },
    close: () => {
      if (isOpen) tenant.sources.close(name)
      isOpen = false
    },
  }
}
