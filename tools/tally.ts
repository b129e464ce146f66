/** Counts named checks and prints one line each; the last line is `N passed, N failed`. */
export class Tally {
  #passed = 0
  #failed = 0

  /** Runs one check. It fails when it throws; what it throws is shown. */
  async check(name: string, run: () => unknown): Promise<boolean> {
    const begin = performance.now()
    const seconds = () => `${((performance.now() - begin) / 1000).toFixed(1)} s`
    try {
      await run()
      this.#passed++
      console.log(`ok    ${name} (${seconds()})`)
      return true
    } catch (error) {
      this.#failed++
      console.log(`FAIL  ${name} (${seconds()})`)
      console.log((error instanceof Error ? error.message : String(error)).replaceAll(/^/gm, '      '))
      return false
    }
  }

  /** Prints the sum and returns the exit code: nothing checked is a failure too. */
  finish(): number {
    console.log(`${this.#passed} passed, ${this.#failed} failed`)
    return this.#failed > 0 || this.#passed === 0 ? 1 : 0
  }
}
