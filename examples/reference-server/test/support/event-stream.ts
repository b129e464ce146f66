import { onTestFinished } from 'vitest'

export interface StreamEvent {
  readonly event: string
  readonly id: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape
  readonly data: any
}

export interface EventStream {
  readonly status: number
  /** All events so far. */
  readonly events: readonly StreamEvent[]
  /** Settles when an event fits; one that came before counts. Fails when the stream ends without it. */
  until(fits: (event: StreamEvent) => boolean): Promise<StreamEvent>
  /** Settles when the server ends the stream. */
  readonly ended: Promise<void>
  close(): void
}

/** Reads server-sent events until the test is over. */
export async function openEventStream(address: string, headers: Record<string, string> = {}): Promise<EventStream> {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const response = await fetch(address, { signal: abort.signal, headers })
  const events: StreamEvent[] = []
  let wake = Promise.withResolvers<void>()
  let isOver = false
  const ended = (async () => {
    let text = ''
    try {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk
        const blocks = text.split('\n\n')
        text = blocks.pop()!
        for (const block of blocks) if (!block.startsWith(':')) events.push(parseBlock(block))
        wake.resolve()
        wake = Promise.withResolvers<void>()
      }
    } catch {
      // The connection was cut; what came before stands.
    }
    isOver = true
    wake.resolve()
  })()
  return {
    status: response.status,
    events,
    ended,
    close: () => abort.abort(),
    async until(fits) {
      for (;;) {
        const found = events.find(fits)
        if (found !== undefined) return found
        if (isOver) throw new Error(`the stream ended without the event; it had ${JSON.stringify(events)}`)
        await wake.promise
      }
    },
  }
}

function parseBlock(block: string): StreamEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)] as const
    }),
  )
  return {
    event: fields.get('event') ?? 'message',
    id: fields.get('id'),
    data: JSON.parse(fields.get('data') ?? 'null'),
  }
}
