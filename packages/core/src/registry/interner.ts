import { inBlocks } from '../snapshot/in-blocks.ts'
import { type LoadSection, SectionType } from '../snapshot/section-type.ts'
import type { SnapshotWriter } from '../snapshot/snapshot-writer.ts'
import { type Entries, entriesKey, serverOf, sortedEntries } from './canonical.ts'
import type { Attributes, InstrumentationScope } from './identity.ts'
import { loadEntries, saveEntries } from './saved-entries.ts'

/** A resource or scope that many series share. */
export interface Shared {
  readonly id: number
  readonly entries: Entries
}

export interface SharedResource extends Shared {
  readonly server: string
}

export interface SharedScope extends Shared {
  readonly name: string
  readonly version: string
}

/** Resources or scopes in one section of a snapshot. */
const PER_SECTION = 4_096

/** Keeps equal resources and scopes once: a server's two thousand series share theirs. */
export class Interner {
  readonly resources: SharedResource[] = []
  readonly scopes: SharedScope[] = []
  readonly #resourceIds = new Map<string, number>()
  readonly #scopeIds = new Map<string, number>()
  readonly #frozen = new WeakMap<object, SharedResource>()

  resource(attributes: Attributes | undefined, server: string | undefined): SharedResource {
    const canBeKnown = server === undefined && attributes !== undefined && Object.isFrozen(attributes)
    if (canBeKnown) {
      const known = this.#frozen.get(attributes)
      if (known !== undefined) return known
    }
    const entries = withServer(sortedEntries(attributes), server)
    const key = entriesKey(entries)
    let id = this.#resourceIds.get(key)
    if (id === undefined) id = this.#addResource(key, [...entries])
    const resource = this.resources[id]!
    if (canBeKnown) this.#frozen.set(attributes, resource)
    return resource
  }

  scope({ name = '', version = '', attributes }: InstrumentationScope = {}): SharedScope {
    const entries = sortedEntries(attributes)
    const key = scopeKey(name, version, entries)
    const id = this.#scopeIds.get(key) ?? this.#addScope(key, name, version, [...entries])
    return this.scopes[id]!
  }

  /** What is known never changes, so only how much there is now has to be noted now. */
  save(snapshot: SnapshotWriter): void {
    const { resources, scopes } = this
    snapshot.later(
      SectionType.resources,
      inBlocks(resources.length, PER_SECTION, (writer, from, to) => {
        writer.varint(to - from)
        for (let id = from; id < to; id++) saveEntries(writer, resources[id]!.entries)
      }),
    )
    snapshot.later(
      SectionType.scopes,
      inBlocks(scopes.length, PER_SECTION, (writer, from, to) => {
        writer.varint(to - from)
        for (let id = from; id < to; id++) {
          const { name, version, entries } = scopes[id]!
          writer.text(name)
          writer.text(version)
          saveEntries(writer, entries)
        }
      }),
    )
  }

  readonly loadResources: LoadSection = (reader) => {
    for (let left = reader.count('resources'); left > 0; left--) {
      const { offset } = reader
      const entries = loadEntries(reader)
      const key = entriesKey(entries)
      if (this.#resourceIds.has(key)) reader.corrupt('resource comes twice', offset)
      this.#addResource(key, entries)
    }
  }

  readonly loadScopes: LoadSection = (reader) => {
    for (let left = reader.count('scopes'); left > 0; left--) {
      const { offset } = reader
      const name = reader.text('name of a scope')
      const version = reader.text('version of a scope')
      const entries = loadEntries(reader)
      const key = scopeKey(name, version, entries)
      if (this.#scopeIds.has(key)) reader.corrupt('scope comes twice', offset)
      this.#addScope(key, name, version, entries)
    }
  }

  #addResource(key: string, entries: Entries): number {
    const id = this.resources.length
    this.#resourceIds.set(key, id)
    this.resources.push({ id, entries, server: serverOf(entries) })
    return id
  }

  #addScope(key: string, name: string, version: string, entries: Entries): number {
    const id = this.scopes.length
    this.#scopeIds.set(key, id)
    this.scopes.push({ id, name, version, entries })
    return id
  }
}

function scopeKey(name: string, version: string, entries: Entries): string {
  return `${name.length}:${name}${version.length}:${version}${entriesKey(entries)}`
}

/** `server` is short for `host.name`, which wins when both are given. */
function withServer(entries: Entries, server: string | undefined): Entries {
  if (server === undefined || entries.some(([key]) => key === 'host.name')) return entries
  return sortedEntries([...entries, ['host.name', server]])
}
