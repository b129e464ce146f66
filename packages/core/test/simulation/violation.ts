/** A promise that was broken. `law` is its short name: a smaller scenario shows the same fault if it breaks the same law. */
export class Violation extends Error {
  readonly law: string

  constructor(law: string, detail: string) {
    super(`${law}: ${detail}`)
    this.name = 'Violation'
    this.law = law
  }
}

export function hold(law: string, condition: boolean, detail: () => string): void {
  if (!condition) throw new Violation(law, detail())
}
