import { startInputs } from './input/index.ts'
import { checkReplayFiles } from './input/replay-files.ts'
import { stopOnSignals } from './lifecycle.ts'
import { parseCommandLine } from './options.ts'
import { startServer } from './server.ts'
import { StartupError } from './startup-error.ts'
import { startupLines } from './startup-lines.ts'

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const command = parseCommandLine(process.argv.slice(2), process.env)
if (command.kind === 'help') say(command.text.trimEnd())
else if (command.kind === 'wrong') {
  for (const problem of command.problems) process.stderr.write(`windrow: ${problem}\n`)
  process.exitCode = 2
} else {
  const lifecycle = stopOnSignals()
  const { options } = command
  try {
    await checkReplayFiles(options.replays)
    const server = await startServer(options)
    lifecycle.onStop(() => server.close())
    for (const line of startupLines(server, options)) say(line)
    const otlpBase = server.urls.otlpHttp ?? server.urls.http
    const inputs = await startInputs({
      otlpUrl: otlpBase === undefined ? undefined : `${otlpBase}/v1/metrics`,
      servers: options.servers,
      metrics: options.metrics,
      simulate: options.simulate,
      hostMetrics: options.hostMetrics,
      replays: options.replays,
      engine: server.engine,
      log: (line) => say(`windrow: ${line}`),
    }).catch((error: Error) => {
      throw new StartupError(error.message, { cause: error })
    })
    lifecycle.onStop(() => inputs.close())
  } catch (error) {
    const reason = error instanceof StartupError ? error.message : ((error as Error).stack ?? String(error))
    process.stderr.write(`windrow: ${reason}\n`)
    await lifecycle.stop(1)
  }
}
