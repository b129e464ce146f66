import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { parseCommandLine, type ServerOptions } from '../../src/options.ts'
import { type RunningServer, type StartOverrides, startServer } from '../../src/server.ts'

/** 2026-01-01T00:00:00Z: where the manual clock of a test server starts. */
export const START_MS = 1_767_225_600_000

/** A directory that is gone after the test. */
export function temporaryDir(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'windrow-test-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export function testOptions(...flags: string[]): ServerOptions {
  const command = parseCommandLine(['--port', '0', '--otlp-http-port', '0', '--log-level', 'silent', ...flags], {})
  if (command.kind !== 'run') throw new Error(JSON.stringify(command))
  return command.options
}

export interface TestServer extends RunningServer {
  /** Base address of the API. */
  readonly url: string
  readonly otlpUrl: string
  readonly dataDir: string
  /** A request with a JSON body, or none. */
  call(method: string, address: string, body?: unknown): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly body: any
}

/** A real server on free ports of the loopback, its clock turned by hand, closed after the test. */
export async function startTestServer(
  options: { dataDir?: string; flags?: string[]; startMs?: number; overrides?: StartOverrides } = {},
): Promise<TestServer> {
  const dataDir = options.dataDir ?? temporaryDir()
  const running = await startServer(testOptions('--data-dir', dataDir, ...(options.flags ?? [])), {
    ...options.overrides,
    startMs: options.startMs ?? START_MS,
    engine: { clock: 'manual', ...options.overrides?.engine },
  })
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= running.close()
    return closed
  }
  onTestFinished(close)
  const url = running.urls.http!
  return {
    ...running,
    close,
    url,
    otlpUrl: running.urls.otlpHttp!,
    dataDir,
    call: (method, address, body) =>
      request(`${url}${address}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      }),
  }
}

export async function request(address: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(address, init)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
  return { status: response.status, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) : text }
}

/** Sends gauge samples `[time, value]` of one server and metric through `/v1/ingest`. */
export async function sendGauge(
  server: TestServer,
  name: string,
  samples: readonly (readonly [timeMs: number, value: number])[],
  from = 'web-1',
): Promise<Answer> {
  return server.call('POST', '/v1/ingest', {
    server: from,
    metrics: samples.map(([timestamp, value]) => ({ name, value, timestamp, kind: 'gauge' })),
  })
}
