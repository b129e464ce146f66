import { type Entries, entriesKey, serverOf, sortedEntries } from './canonical.ts'
import type { Attributes, InstrumentationScope } from './identity.ts'

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
    if (id === undefined) {
      id = this.resources.length
      this.#resourceIds.set(key, id)
      this.resources.push({ id, entries: [...entries], server: serverOf(entries) })
    }
    const resource = this.resources[id]!
    if (canBeKnown) this.#frozen.set(attributes, resource)
    return resource
  }

  scope({ name = '', version = '', attributes }: InstrumentationScope = {}): SharedScope {
    const entries = sortedEntries(attributes)
    const key = `${name.length}:${name}${version.length}:${version}${entriesKey(entries)}`
    let id = this.#scopeIds.get(key)
    if (id === undefined) {
      id = this.scopes.length
      this.#scopeIds.set(key, id)
      this.scopes.push({ id, name, version, entries: [...entries] })
    }
    return this.scopes[id]!
  }
}

/** `server` is short for `host.name`, which wins when both are given. */
function withServer(entries: Entries, server: string | undefined): Entries {
  if (server === undefined || entries.some(([key]) => key === 'host.name')) return entries
  return sortedEntries([...entries, ['host.name', server]])
}
