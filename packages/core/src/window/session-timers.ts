import type { Session } from './session-state.ts'

const TIMER_BYTES = 40

interface Timer {
  readonly atMs: number
  readonly session: Session
}

/**
 * Which session has to be looked at first: a binary heap on the watermark at which something about it changes. Ends move
 * on with nearly every sample and are not followed: a session that is looked at too early is simply put back.
 */
export class SessionTimers {
  #heap: Timer[] = []

  /** With the timers of sessions that are gone. */
  get size(): number {
    return this.#heap.length
  }

  get bytes(): number {
    return this.#heap.length * TIMER_BYTES
  }

  /** The watermark at which the first session is to be looked at. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  /** Has the session looked at no later than at that watermark. */
  wake(session: Session, atMs: number): void {
    if (atMs >= session.wakeMs) return
    session.wakeMs = atMs
    this.#push({ atMs, session })
  }

  /** The next session to be looked at by now; it has no timer after that. */
  takeDue(watermarkMs: number): Session | undefined {
    while (this.nextMs <= watermarkMs) {
      const { atMs, session } = this.#pop()
      // An earlier timer was set since, or the session is gone.
      if (!session.isHeld || session.wakeMs !== atMs) continue
      session.wakeMs = Number.POSITIVE_INFINITY
      return session
    }
    return undefined
  }

  clear(): void {
    for (const { session } of this.#heap) session.wakeMs = Number.POSITIVE_INFINITY
    this.#heap = []
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(timer)
    while (at > 0) {
      const parent = (at - 1) >>> 1
      const above = heap[parent]!
      if (above.atMs <= timer.atMs) break
      heap[at] = above
      at = parent
    }
    heap[at] = timer
  }

  #pop(): Timer {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.atMs < heap[child]!.atMs) child++
      if (heap[child]!.atMs >= last.atMs) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}
