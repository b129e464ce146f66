const startedAt = performance.now()

/** Seconds since this process began, for people. */
const elapsed = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`

/** One line on stderr; stdout belongs to the task. */
export function say(text) {
  process.stderr.write(`[windrow ${elapsed()}] ${text}\n`)
}

/**
 * Shows that silent work goes on: a running clock on a terminal, a line every ten seconds elsewhere.
 * Returns the function that ends it.
 */
export function showProgress(text) {
  const begin = performance.now()
  const seconds = () => Math.round((performance.now() - begin) / 1000)
  if (process.stderr.isTTY) {
    const timer = setInterval(() => process.stderr.write(`\r[windrow] ${text}: ${seconds()} s `), 1000)
    return () => {
      clearInterval(timer)
      process.stderr.write('\r\x1b[K')
    }
  }
  const timer = setInterval(() => say(`${text}: ${seconds()} s so far`), 10_000)
  return () => clearInterval(timer)
}
