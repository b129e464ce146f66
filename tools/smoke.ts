// Starts the reference server the way a user does, sends it metrics with the OpenTelemetry SDK and checks the
// numbers that come back. `--full` adds the time of a second start and a crash.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { type RunningServer, startWithNpm } from './running-server.ts'
import { Tally } from './tally.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const firstStartLimitMs = 180_000
const secondStartLimitMs = 5_000
const stopLimitMs = 10_000
const answerLimitMs = 30_000

const levels = [10, 20, 60]
const queryText = 'FROM smoke-1 SELECT smoke.level WINDOW 10s COMPUTE min, max, avg, count'
const historyText = `${queryText} SINCE 5m`

function equal(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (left !== right) throw new Error(`${what}: got ${left}, expected ${right}`)
}

/** One server, `smoke-1`, that reports each of `levels` once. */
async function sendLevels(otlpUrl: string): Promise<void> {
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${otlpUrl}/v1/metrics` }),
    exportIntervalMillis: 3_600_000,
  })
  const resource = resourceFromAttributes({ 'service.name': 'smoke', 'host.name': 'smoke-1' })
  const provider = new MeterProvider({ readers: [reader], resource })
  const gauge = provider.getMeter('smoke').createGauge('smoke.level')
  for (const level of levels) {
    gauge.record(level)
    // One export a level; it throws when the server refuses it.
    await reader.forceFlush()
    // The next sample of the series needs a later millisecond.
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function postJson(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`)
  return JSON.parse(text)
}

interface LevelRow {
  readonly values: { readonly min: number; readonly max: number; readonly avg: number; readonly count: number }
}

/** Asks until every sample is in the rows. They stand in one window, or in two when a window just ended. */
async function checkLevels(httpUrl: string): Promise<void> {
  const deadline = performance.now() + answerLimitMs
  for (;;) {
    const answer = (await postJson(`${httpUrl}/v1/query`, { query: historyText })) as { results: LevelRow[] }
    const rows = answer.results.map((row) => row.values)
    const count = rows.reduce((sum, row) => sum + row.count, 0)
    if (count >= levels.length || performance.now() > deadline) {
      equal(count, levels.length, 'samples counted')
      equal(Math.min(...rows.map((row) => row.min)), Math.min(...levels), 'min')
      equal(Math.max(...rows.map((row) => row.max)), Math.max(...levels), 'max')
      const sum = rows.reduce((total, row) => total + row.avg * row.count, 0)
      equal(
        Math.round(sum * 1e6) / 1e6,
        levels.reduce((total, level) => total + level),
        'avg times count',
      )
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

async function checkDashboard(httpUrl: string): Promise<void> {
  const response = await fetch(`${httpUrl}/`)
  const text = await response.text()
  equal(response.status, 200, 'status of /')
  if (!text.includes('<script') || !/windrow/i.test(text))
    throw new Error(`/ is not the dashboard: ${text.slice(0, 200)}`)
  const [, script = ''] = /<script[^>]+src="([^"]+)"/.exec(text) ?? []
  const asset = await fetch(new URL(script, `${httpUrl}/`))
  equal(
    [asset.status, /javascript/.test(asset.headers.get('content-type') ?? '')],
    [200, true],
    `dashboard script ${script}`,
  )
}

async function checkClosed(url: string): Promise<void> {
  const answered = await fetch(url).then(
    () => true,
    () => false,
  )
  if (answered) throw new Error(`${url} still answers`)
}

async function checkStop(server: RunningServer): Promise<void> {
  const { code } = await server.stop(stopLimitMs)
  equal(code, 0, 'exit code after SIGTERM')
  for (const url of Object.values(server.urls)) await checkClosed(url)
}

async function main(): Promise<number> {
  const tally = new Tally()
  const full = process.argv.includes('--full')
  const dataDir = mkdtempSync(join(tmpdir(), 'windrow-smoke-'))
  const ports = ['--port', '0', '--otlp-http-port', '0', '--data-dir', dataDir]
  const quiet = [...ports, '--no-simulate', '--no-host-metrics']
  let server: RunningServer | undefined
  const start = async (args: readonly string[], limitMs: number): Promise<void> => {
    server = await startWithNpm(root, args, limitMs)
  }
  const running = (): RunningServer => {
    if (server === undefined) throw new Error('the server is not running')
    return server
  }
  const url = (name: string): string => running().urls[name] ?? ''
  try {
    if (await tally.check('npm start listens', () => start(quiet, firstStartLimitMs))) {
      await tally.check('/ is the dashboard', () => checkDashboard(url('http')))
      await tally.check('the OpenTelemetry SDK delivers', () => sendLevels(url('otlp-http')))
      await tally.check('/v1/query gives the right numbers', () => checkLevels(url('http')))
      await tally.check('a query can be stored', () =>
        postJson(`${url('http')}/v1/queries`, { name: 'smoke', text: queryText }),
      )
      await tally.check('SIGTERM stops it cleanly', () => checkStop(running()))
    }
    if (full) {
      if (await tally.check('a second start takes less than 5 s', () => start(ports, secondStartLimitMs))) {
        await tally.check('the stored query survived the stop', () => checkStored(url('http')))
        await tally.check('crash (SIGKILL)', () => running().crash())
        await tally.check('starts after a crash', () => start(quiet, secondStartLimitMs))
        await tally.check('the stored query survived the crash', () => checkStored(url('http')))
        await tally.check('SIGTERM stops it again', () => checkStop(running()))
      }
    }
  } finally {
    await server?.crash()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return tally.finish()
}

async function checkStored(httpUrl: string): Promise<void> {
  const response = await fetch(`${httpUrl}/v1/queries/smoke`)
  equal(response.status, 200, 'status of the stored query')
  equal(((await response.json()) as { state: string }).state, 'running', 'state of the stored query')
}

process.exitCode = await main()
