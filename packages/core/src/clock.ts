/** Where the engine takes the present from. `manual` clocks stand still between `advanceTo` calls. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number
  /** Calls `tick` every `everyMs` until the returned function is called; undefined for a manual clock. */
  readonly start?: (tick: () => void, everyMs: number) => () => void
}
