import type { Step } from './scenario.ts'

export type PushStep = Extract<Step, { readonly do: 'push' }>
export type PollStep = Extract<Step, { readonly do: 'poll' }>

/** What the world keeps of what it sent, so that an engine that died can be told again. */
export class Journal {
  /** What was pushed, from number `#forgotten` on. */
  readonly #pushed: PushStep[] = []
  #forgotten = 0
  /** What was ever read of each partition, by its place there. */
  readonly #partitions = new Map<string, Map<number, PollStep>>()
  /** What is to be read again before anything new is, oldest first. */
  readonly #unread = new Map<string, PollStep[]>()

  notePush(step: PushStep): void {
    this.#pushed.push(step)
  }

  notePoll(step: PollStep): void {
    if (step.place === undefined) return
    const key = partitionKey(step)
    const records = this.#partitions.get(key) ?? new Map<number, PollStep>()
    this.#partitions.set(key, records.set(step.place, step))
  }

  /** How many batches were pushed so far. */
  get pushed(): number {
    return this.#forgotten + this.#pushed.length
  }

  /** Nobody has to push the first `count` again: they are in a snapshot that lasts. */
  forgetPushed(count: number): void {
    this.#pushed.splice(0, count - this.#forgotten)
    this.#forgotten = Math.max(this.#forgotten, count)
  }

  /** What was pushed since the newest snapshot that lasts. */
  get sincePushed(): readonly PushStep[] {
    return [...this.#pushed]
  }

  /** A partition goes on at `place`: what was read of it from there on is read again. */
  rewind(of: { readonly tenant: string; readonly source: string }, place: number): void {
    const records = [...(this.#partitions.get(partitionKey(of)) ?? [])].filter(([at]) => at >= place)
    this.#unread.set(
      partitionKey(of),
      records.sort(([a], [b]) => a - b).map(([, step]) => step),
    )
  }

  /** The next `most` records of each partition, or of one, that were read before; `backlog` is what is left of them. */
  readAgain(most: number, only?: { readonly tenant: string; readonly source: string }): PollStep[] {
    const keys = only === undefined ? [...this.#unread.keys()] : [partitionKey(only)]
    return keys.flatMap((key) => {
      const unread = this.#unread.get(key) ?? []
      const again = unread.splice(0, most)
      return again.map((step, i) => ({ ...step, backlog: unread.length + again.length - 1 - i }))
    })
  }
}

function partitionKey({ tenant, source }: { readonly tenant: string; readonly source: string }): string {
  return `${tenant}/${source}`
}
