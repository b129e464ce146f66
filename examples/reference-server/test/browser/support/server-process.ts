import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))
const START_WITHIN_MS = 30_000

export interface ServerProcess extends AsyncDisposable {
  /** With a closing slash. */
  readonly url: string
}

/** Starts the reference server as `npm start` does: its own process, free ports, a data directory of its own. */
export async function startServerProcess(flags: readonly string[]): Promise<ServerProcess> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'windrow-browser-'))
  const child = spawn(
    process.execPath,
    ['--conditions=windrow-source', MAIN, '--port', '0', '--otlp-http-port', 'off', '--data-dir', dataDir, ...flags],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const dispose = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    }
    await rm(dataDir, { recursive: true, force: true })
  }
  try {
    return { url: await listeningUrl(child), [Symbol.asyncDispose]: dispose }
  } catch (cause) {
    await dispose()
    throw cause
  }
}

function listeningUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const timer = setTimeout(
      () => reject(new Error(`The server did not start in time. It said:\n${said}`)),
      START_WITHIN_MS,
    )
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}. It said:\n${said}`)))
    if (!child.stdout) return
    createInterface({ input: child.stdout }).on('line', (line) => {
      said += `${line}\n`
      const found = /^windrow listening: http (\S+)/.exec(line)
      if (!found?.[1]) return
      clearTimeout(timer)
      resolve(found[1].endsWith('/') ? found[1] : `${found[1]}/`)
    })
  })
}
