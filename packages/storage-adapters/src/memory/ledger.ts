/** Counts what an adapter holds. Byte figures are what was allocated, an estimate only for object headers. */
export class Ledger {
  bytes = 0
  rows = 0
  series = 0
  /** Rows given up to stay under the ceiling; deletions asked for do not count. */
  droppedRows = 0
  /** Result rows given up likewise. */
  droppedResults = 0
  /** Rises whenever rows move other than by appending: positions held across a pause are then stale. */
  layout = 0
}
