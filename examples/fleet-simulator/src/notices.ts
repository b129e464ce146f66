/** Says a thing at most once in `everyMs`, each subject on its own, so that a long trouble is a line and not a flood. */
export class Notices {
  readonly #log: (line: string) => void
  readonly #everyMs: number
  readonly #lastMs = new Map<string, number>()

  constructor(log: (line: string) => void, everyMs = 10_000) {
    this.#log = log
    this.#everyMs = everyMs
  }

  say(subject: string, nowMs: number, line: () => string): void {
    if (nowMs - (this.#lastMs.get(subject) ?? Number.NEGATIVE_INFINITY) < this.#everyMs) return
    this.#lastMs.set(subject, nowMs)
    this.#log(line())
  }
}
