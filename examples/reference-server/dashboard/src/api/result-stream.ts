import type { WireColumn, WireProgress, WireRow } from './wire.ts'

export interface ResultStreamListener {
  /** The connection stands. Rows missed before this moment have to be fetched. */
  onOpen(): void
  /** The connection is gone; the next attempt comes after `retryMs`. */
  onLost(retryMs: number): void
  onColumns(query: string, columns: readonly WireColumn[]): void
  onRow(row: WireRow): void
  onProgress(query: string, progress: WireProgress): void
  /** Nothing more comes of this query: it is gone, or the server could not go on. */
  onEnd(query: string): void
  /** The server left rows out because this reader was slow. */
  onSkipped(query: string): void
}

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 15_000

/**
 * Follows several queries over one EventSource: a browser opens only six connections to an origin.
 * Reconnects by itself with doubling, jittered pauses. Returns the way out.
 */
export function followResults(queries: readonly string[], listener: ResultStreamListener): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let retryMs = FIRST_RETRY_MS

  function connect(): void {
    const names = queries.map((name) => encodeURIComponent(name)).join(',')
    const opened = new EventSource(`v1/stream?queries=${names}`)
    source = opened
    opened.onopen = () => {
      retryMs = FIRST_RETRY_MS
      listener.onOpen()
    }
    // The browser's own reconnect neither backs off nor gives up on a status, so it is replaced.
    opened.onerror = () => {
      opened.close()
      const waitMs = Math.round(retryMs * (0.75 + Math.random() / 2))
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
      listener.onLost(waitMs)
      timer = setTimeout(connect, waitMs)
    }
    on(opened, 'columns', (data: { query: string; columns: readonly WireColumn[] }) =>
      listener.onColumns(data.query, data.columns),
    )
    on(opened, 'row', (row: WireRow) => listener.onRow(row))
    on(opened, 'progress', (data: WireProgress & { query: string }) => listener.onProgress(data.query, data))
    on(opened, 'end', (data: { query: string }) => listener.onEnd(data.query))
    on(opened, 'skipped', (data: { query: string }) => listener.onSkipped(data.query))
  }

  connect()
  return () => {
    clearTimeout(timer)
    source?.close()
  }
}

function on<Data>(source: EventSource, event: string, handle: (data: Data) => void): void {
  source.addEventListener(event, (message) => handle(JSON.parse((message as MessageEvent<string>).data) as Data))
}
