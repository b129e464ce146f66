import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface ServerProcess {
  readonly child: ChildProcess
  /** Lines of standard output so far. */
  readonly lines: string[]
  readonly errors: () => string
  /** Settles with the exit code, or null when a signal ended it. */
  readonly exit: Promise<number | null>
  /** Settles with the address of the `http` listener; fails when the process ends before. */
  readonly url: Promise<string>
}

/** The server as users start it, on free ports and without its built-in inputs. */
export function startProcess(dataDir: string, ...flags: string[]): ServerProcess {
  const quiet = ['--port', '0', '--otlp-http-port', '0', '--data-dir', dataDir, '--no-simulate', '--no-host-metrics']
  const child = spawn(process.execPath, ['--conditions=windrow-source', MAIN, ...quiet, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const lines: string[] = []
  const exit = once(child, 'close').then(([code]) => code as number | null)
  const url = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      const match = /^windrow listening: http (\S+)$/.exec(line)
      if (match !== null) resolve(match[1]!)
    })
    void exit.then((code) => reject(new Error(`the server ended with ${code}: ${errors}`)))
  })
  url.catch(() => undefined)
  return { child, lines, errors: () => errors, exit, url }
}
