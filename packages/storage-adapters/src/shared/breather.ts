import { setImmediate } from 'node:timers/promises'

/** Lets long synchronous work give the event loop a turn now and then. */
export interface Breather {
  /** True when the event loop has had no turn for the budget. */
  due(): boolean
  rest(): Promise<void>
}

export function createBreather(budgetMs = 20): Breather {
  let turnEndedAt = performance.now()
  return {
    due: () => performance.now() - turnEndedAt >= budgetMs,
    rest: async () => {
      await setImmediate()
      turnEndedAt = performance.now()
    },
  }
}
