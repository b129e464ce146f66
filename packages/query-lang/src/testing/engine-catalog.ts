import type { Engine } from '@windrow/core'
import type { Catalog } from '../catalog.ts'

/** What a running engine knows, for the checks of a query. */
export function engineCatalog(engine: Engine): Catalog {
  return {
    metric: (name) => engine.metric(name),
    metricNames: () => engine.metrics().map(({ metric }) => metric),
    serverNames: () => engine.servers(),
  }
}
