import type { Screen } from '../ingest/screen.ts'
import type { SeriesProgress } from '../registry/series-progress.ts'
import type { SeriesRegistry } from '../registry/series-registry.ts'
import { readSnapshot } from '../snapshot/read-snapshot.ts'
import { SectionType } from '../snapshot/section-type.ts'
import { SnapshotWriter } from '../snapshot/snapshot-writer.ts'
import type { StateReader } from '../snapshot/state-reader.ts'
import type { Generation } from './generation.ts'
import type { Repairs } from './repairs.ts'
import type { Tenant } from './tenant.ts'

/** The parts of an engine that a snapshot holds. */
export interface SnapshotParts {
  readonly registry: SeriesRegistry
  readonly progress: SeriesProgress
  readonly screen: Screen
  readonly generation: Generation
  readonly repairs: Repairs | undefined
  readonly tenants: ReadonlyMap<string, Tenant>
}

/** Captures everything now, and hands it out later. */
export function takeSnapshot(parts: SnapshotParts, nowMs: number): Iterable<Uint8Array> {
  const { registry, progress, screen, generation, repairs, tenants } = parts
  const snapshot = new SnapshotWriter({ createdMs: nowMs })
  registry.save(snapshot)
  progress.save(snapshot, registry.size)
  screen.save(snapshot)
  snapshot.section(SectionType.engine, (writer) => {
    writer.varint(generation.current)
    writer.bytes(repairs?.save() ?? new Uint8Array(0))
  })
  for (const tenant of tenants.values())
    snapshot.section(SectionType.tenant, (writer) => {
      writer.text(tenant.name)
      tenant.save(writer)
    })
  return snapshot.chunks()
}

/** What was read back besides the state that went into the parts themselves. */
export interface RestoredFacts {
  readonly generation: number
  /** The engine's clock when the snapshot was taken. */
  readonly createdMs: number
}

/**
 * Reads a snapshot into parts that know nothing yet. `tenantOf` makes a tenant of that name, which then takes its
 * state. After a rejection the parts are of no use.
 */
export async function loadSnapshot(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  parts: Omit<SnapshotParts, 'tenants'>,
  tenantOf: (name: string) => Tenant,
  restoreTenant: (tenant: Tenant, reader: StateReader) => void,
): Promise<RestoredFacts> {
  const { registry, progress, screen, repairs } = parts
  let generation = 0
  const { createdMs } = await readSnapshot(chunks, {
    ...registry.loaders(),
    ...progress.loaders(),
    ...screen.loaders(),
    [SectionType.engine]: (reader) => {
      generation = reader.varint('generation')
      const dirty = reader.bytes('windows that wait for repair')
      if (dirty.length > 0) repairs?.load(dirty)
    },
    [SectionType.tenant]: (reader) => restoreTenant(tenantOf(reader.text('tenant')), reader),
  })
  return { generation, createdMs }
}
