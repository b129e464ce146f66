/** A part that does not close in time must not keep the process. */
const STOP_WITHIN_MS = 8000

/** One signal to the whole process group arrives twice, directly and through the parent; that is no second wish. */
const SAME_SIGNAL_MS = 250

export interface Lifecycle {
  /** Called when stopping, last added first. At once when stopping has begun already. */
  onStop(close: () => Promise<void>): void
  /** Closes everything and ends the process with the code. */
  stop(exitCode: number): Promise<never>
}

/** SIGTERM and SIGINT stop with exit code 0; a second signal ends the process at once. */
export function stopOnSignals(): Lifecycle {
  const closers: (() => Promise<void>)[] = []
  let stopping = false
  let firstSignalMs: number | undefined

  async function stop(exitCode: number): Promise<never> {
    stopping = true
    const deadline = setTimeout(() => {
      process.stderr.write('windrow: something did not close in time; leaving\n')
      process.exit(exitCode)
    }, STOP_WITHIN_MS)
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
      try {
        await close()
      } catch (error) {
        process.stderr.write(`windrow: while stopping: ${(error as Error).message}\n`)
      }
    }
    clearTimeout(deadline)
    process.exit(exitCode)
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      const isRepeat = firstSignalMs !== undefined && performance.now() - firstSignalMs < SAME_SIGNAL_MS
      firstSignalMs ??= performance.now()
      if (!stopping) void stop(0)
      else if (!isRepeat) process.exit(1)
    })
  return {
    onStop(close) {
      if (stopping) void close()
      else closers.push(close)
    },
    stop,
  }
}
