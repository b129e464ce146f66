import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A server started the way a user starts it, in a process group of its own. */
export interface RunningServer {
  /** URLs by listener, from the `windrow listening:` lines. */
  readonly urls: Readonly<Record<string, string>>
  /** From the command to the last listener, ms. */
  readonly startMs: number
  /** SIGTERM to npm alone, as a supervisor does; resolves to the exit code and how long it took. */
  stop(limitMs: number): Promise<{ code: number | null; tookMs: number }>
  /** SIGKILL to every process of the group. */
  crash(): Promise<void>
}

const wanted = ['http', 'otlp-http']

/** Runs `npm start -- ...args` in `cwd` and waits until it listens. Throws what it printed when it does not. */
export async function startWithNpm(cwd: string, args: readonly string[], limitMs: number): Promise<RunningServer> {
  const begin = performance.now()
  const environment: NodeJS.ProcessEnv = { ...process.env }
  for (const name of Object.keys(environment)) if (/^npm_|^WINDROW_/i.test(name)) delete environment[name]
  const child = spawn('npm', ['start', '--', ...args], {
    cwd,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const urls: Record<string, string> = {}
  const printed: string[] = []
  const listening = new Promise<void>((resolve) => {
    const read = (line: string): void => {
      printed.push(line)
      const [, name, url] = /^windrow listening: (\S+) (\S+)/.exec(line) ?? []
      if (name !== undefined && url !== undefined) urls[name] = url.replace(/\/$/, '')
      if (wanted.every((one) => one in urls)) resolve()
    }
    createInterface({ input: child.stdout }).on('line', read)
    createInterface({ input: child.stderr }).on('line', read)
  })
  const late = new AbortController()
  const outcome = await Promise.race([
    listening.then(() => 'listening'),
    exited.then(([code]) => `ended with exit code ${code}`),
    after(limitMs, late.signal).then(() => `printed no address within ${limitMs / 1000} s`),
  ])
  late.abort()
  if (outcome !== 'listening') {
    killGroup(child)
    throw new Error(`npm start ${outcome}:\n${printed.slice(-30).join('\n')}`)
  }
  const startMs = performance.now() - begin
  return {
    urls,
    startMs,
    async stop(stopLimitMs) {
      const asked = performance.now()
      child.kill('SIGTERM')
      const timer = new AbortController()
      const done = await Promise.race([exited, after(stopLimitMs, timer.signal)])
      timer.abort()
      const tookMs = performance.now() - asked
      if (done !== undefined) return { code: done[0], tookMs }
      killGroup(child)
      throw new Error(`still running ${stopLimitMs / 1000} s after SIGTERM:\n${printed.slice(-10).join('\n')}`)
    },
    async crash() {
      killGroup(child)
      await exited
    },
  }
}

/** Resolves to undefined when the time is over or nobody waits any more. */
function after(ms: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve(undefined)
    })
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
