import type { FastifyReply } from 'fastify'

const FLUSH_BYTES = 65_536
const HEARTBEAT_MS = 15_000

/**
 * One stream of server-sent events. Small events are sent together; a writer that is ahead of its reader
 * waits in `event`, so that nothing piles up here.
 */
export class SseWriter {
  readonly #raw: FastifyReply['raw']
  readonly #gone = new AbortController()
  readonly #heartbeat: NodeJS.Timeout
  #pending = ''
  #flushSoon: NodeJS.Immediate | undefined
  #drained: Promise<void> | undefined

  /** Takes the response over from the framework and sends its head. `stopping` ends the stream. */
  constructor(reply: FastifyReply, stopping: AbortSignal) {
    reply.hijack()
    this.#raw = reply.raw
    this.#raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    this.#raw.write(': windrow\n\n')
    this.#heartbeat = setInterval(() => this.#append(': still here\n\n'), HEARTBEAT_MS)
    const close = (): void => this.close()
    this.#raw.once('close', () => {
      stopping.removeEventListener('abort', close)
      this.close()
    })
    stopping.addEventListener('abort', close, { once: true })
    if (stopping.aborted) this.close()
  }

  /** Aborted when the client went away or the server stops. */
  get signal(): AbortSignal {
    return this.#gone.signal
  }

  /** True while the client reads slower than events are written. */
  get behind(): boolean {
    return this.#drained !== undefined
  }

  /** `json` must not hold a line break, which JSON text never does. Settles when there is room for more. */
  async event(name: string, json: string, id?: string): Promise<void> {
    if (this.signal.aborted) return
    this.#append(`event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${json}\n\n`)
    if (this.#pending.length >= FLUSH_BYTES) this.#flush()
    await this.#drained
  }

  close(): void {
    if (this.signal.aborted) return
    clearInterval(this.#heartbeat)
    this.#flush()
    this.#gone.abort()
    this.#raw.end()
  }

  #append(text: string): void {
    this.#pending += text
    this.#flushSoon ??= setImmediate(() => this.#flush())
  }

  #flush(): void {
    if (this.#flushSoon !== undefined) clearImmediate(this.#flushSoon)
    this.#flushSoon = undefined
    if (this.#pending === '' || this.signal.aborted) return
    const hasRoom = this.#raw.write(this.#pending)
    this.#pending = ''
    if (hasRoom || this.#drained !== undefined) return
    this.#drained = new Promise((resolve) => {
      const done = (): void => {
        this.#raw.off('drain', done)
        this.#raw.off('close', done)
        this.#drained = undefined
        resolve()
      }
      this.#raw.once('drain', done)
      this.#raw.once('close', done)
    })
  }
}
