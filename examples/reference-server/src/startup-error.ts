/** The server cannot start; the message names the cause and the remedy and is shown without a stack. */
export class StartupError extends Error {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options)
    this.name = 'StartupError'
  }
}
