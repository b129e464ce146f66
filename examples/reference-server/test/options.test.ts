import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseCommandLine } from '../src/options.ts'
import { formatBytes, formatDuration, parseBytes, parseDurationMs } from '../src/units.ts'

const DAY_MS = 86_400_000

function run(args: string[], env: NodeJS.ProcessEnv = {}) {
  const command = parseCommandLine(args, env)
  if (command.kind !== 'run') throw new Error(JSON.stringify(command))
  return command.options
}

function problems(args: string[], env: NodeJS.ProcessEnv = {}): readonly string[] {
  const command = parseCommandLine(args, env)
  return command.kind === 'wrong' ? command.problems : []
}

describe('options', () => {
  test('defaults', () => {
    expect(run([])).toEqual({
      host: '127.0.0.1',
      port: 8080,
      otlpHttpPort: 4318,
      dataDir: path.resolve('.data'),
      storage: 'memory',
      snapshotEveryMs: 30_000,
      retentionMs: 365 * DAY_MS,
      memoryLimitBytes: 1024 ** 3,
      maxSeries: 2_000_000,
      maxBodyBytes: 64 * 1024 ** 2,
      minWindowMs: 5000,
      simulate: true,
      servers: 50,
      metrics: 10,
      hostMetrics: true,
      replays: [],
      logLevel: 'warn',
    })
  })

  test('a flag wins over its variable', () => {
    const env = { WINDROW_PORT: '9000', WINDROW_RETENTION: '20y', WINDROW_NO_SIMULATE: '1', WINDROW_SERVERS: '' }
    const options = run(['--port', '0', '--otlp-http-port=off'], env)
    expect(options).toMatchObject({ port: 0, otlpHttpPort: 'off', retentionMs: 20 * 365 * DAY_MS, simulate: false })
    expect(options.servers).toBe(50)
  })

  test('snapshots come every so often, or not at all', () => {
    expect(run(['--snapshot-every', '5m']).snapshotEveryMs).toBe(300_000)
    expect(run([], { WINDROW_SNAPSHOT_EVERY: '0' }).snapshotEveryMs).toBe(0)
    expect(problems(['--snapshot-every', '10ms'])).toEqual([
      '--snapshot-every: "10ms" is not valid; give a duration of at least 1s, or 0 for no snapshots',
    ])
  })

  test('a name belongs to the replay before it', () => {
    const args = ['--replay', 'a.csv', '--replay-as', 'db-01/rpc.latency', '--replay', 'b.csv']
    expect(run(args, { WINDROW_REPLAY: 'c.csv' }).replays).toEqual([
      { file: 'a.csv', as: 'db-01/rpc.latency' },
      { file: 'b.csv' },
    ])
    expect(run([], { WINDROW_REPLAY: ['c.csv', 'd.csv'].join(path.delimiter) }).replays).toEqual([
      { file: 'c.csv' },
      { file: 'd.csv' },
    ])
    expect(problems(['--replay-as', 'a/b'])).toHaveLength(1)
    expect(problems(['--replay', 'a.csv', '--replay-as', 'noslash'])).toHaveLength(1)
  })

  test.each([
    [['--port', 'http'], '--port: "http" is not valid; give a port from 1 to 65535, 0 for any free one, or off'],
    [['--port', '65536'], '--port: "65536" is not valid'],
    [['--port'], '--port: give a port'],
    [['--no-simulate=yes'], '--no-simulate: give no value'],
    [['--prot', '1'], '--prot: there is no such flag'],
    [['--retention-time', '1y'], 'did you mean --retention?'],
    [['--retention', '1.5y'], '--retention: "1.5y" is not valid; give a duration'],
    [['--max-body', '0'], '--max-body: "0" is not valid'],
    [['--min-window', '10ms'], '--min-window: "10ms" is not valid'],
    [['--storage', 'clickhouse'], '--storage: "clickhouse" is not valid; give memory'],
    [['start'], '"start" is not a flag'],
    [['-p', '1'], '-p: there is no such flag'],
    [['--port', 'off', '--otlp-http-port', 'off'], 'nothing would listen'],
    [['--port', '4318'], 'are both 4318'],
  ])('%j is refused with the remedy', (args, message) => {
    expect(problems(args).join('\n')).toContain(message.replace('?', ''))
  })

  test('all problems are told at once', () => {
    expect(problems(['--port', 'x', '--servers', '-1'], { WINDROW_LOG_LEVEL: 'loud' })).toHaveLength(3)
  })

  test('the help begins with examples and names every flag and default', () => {
    const command = parseCommandLine(['--port', 'x', '--help'], {})
    const text = command.kind === 'help' ? command.text : ''
    expect(text.indexOf('Examples')).toBeLessThan(text.indexOf('Flags'))
    expect(text).toMatch(/--otlp-http-port PORT .*\(4318\)/)
    expect(text).toContain('WINDROW_OTLP_HTTP_PORT')
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
  })

  test('units', () => {
    expect(['90s', '1h30m', '1y', '250ms', '2w'].map(parseDurationMs)).toEqual([
      90_000,
      5_400_000,
      365 * DAY_MS,
      250,
      14 * DAY_MS,
    ])
    expect(['', '0s', '1', '1.5h', '-1s', '5min', '1mo', '999999999y999999999y'].map(parseDurationMs)).toEqual(
      Array(8).fill(undefined),
    )
    expect(['64MiB', '1.5kB', '7', '1 GB'].map(parseBytes)).toEqual([67_108_864, 1500, 7, 1e9])
    expect(['', '0', '-1', 'MiB', '1TB', '1e9'].map(parseBytes)).toEqual(Array(6).fill(undefined))
    expect([365 * DAY_MS, 90_000, 1500].map(formatDuration)).toEqual(['365d', '90s', '1500ms'])
    expect([67_108_864, 512, 1.5 * 1024 ** 3].map(formatBytes)).toEqual(['64 MiB', '512 B', '1.5 GiB'])
  })
})
