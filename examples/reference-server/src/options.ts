import path from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { parseBytes, parseDurationMs } from './units.ts'

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** Everything the server can be told, checked and in units the code uses. */
export interface ServerOptions {
  readonly host: string
  /** 0 = any free port. */
  readonly port: number | 'off'
  readonly otlpHttpPort: number | 'off'
  /** Absolute path. */
  readonly dataDir: string
  readonly storage: 'memory'
  /** 0 = no snapshots: neither taken nor restored. */
  readonly snapshotEveryMs: number
  readonly retentionMs: number
  readonly memoryLimitBytes: number
  readonly maxSeries: number
  /** Largest request body, after decompression. */
  readonly maxBodyBytes: number
  readonly minWindowMs: number
  readonly simulate: boolean
  readonly servers: number
  readonly metrics: number
  readonly hostMetrics: boolean
  readonly replays: readonly ReplayFile[]
  readonly logLevel: (typeof LOG_LEVELS)[number]
}

export interface ReplayFile {
  readonly file: string
  /** `SERVER/METRIC`; undefined = server `replay`, metric after the file's base name. */
  readonly as?: string
}

export type ParsedCommandLine =
  | { readonly kind: 'run'; readonly options: ServerOptions }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] }

interface Flag {
  readonly name: string
  /** Word for the value in the help; undefined for a switch. */
  readonly value?: string
  readonly help: string
  /** What a right value looks like, for messages: "give ...". */
  readonly expects: string
  readonly initial?: string
  readonly schema: z.ZodType<unknown, string>
}

const port = z
  .string()
  .regex(/^(?:off|\d{1,5})$/)
  .transform((text) => (text === 'off' ? ('off' as const) : Number(text)))
  .refine((value) => value === 'off' || value <= 65_535)

const count = (max: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .refine((value) => value <= max)

const parsed = (parse: (text: string) => number | undefined): z.ZodType<number, string> =>
  z.string().transform((text, context) => {
    const value = parse(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: 'not readable' })
    return z.NEVER
  })

const filled = z.string().min(1)
const on = z
  .string()
  .regex(/^(?:1|true|0|false)$/)
  .transform((text) => text === '1' || text === 'true')

const PORT_EXPECTS = 'a port from 1 to 65535, 0 for any free one, or off'
const DURATION_EXPECTS = 'a duration such as 5s, 12h, 30d, 1y or 20y (a year is 365 days)'
const SIZE_EXPECTS = 'a size such as 64MiB or 1GB'
const SWITCH_EXPECTS = 'no value; in a variable 1, true, 0 or false'

const FLAGS = {
  port: {
    name: 'port',
    value: 'PORT',
    initial: '8080',
    schema: port,
    expects: PORT_EXPECTS,
    help: 'API and dashboard; 0 = any free port, off = none',
  },
  otlpHttpPort: {
    name: 'otlp-http-port',
    value: 'PORT',
    initial: '4318',
    schema: port,
    expects: PORT_EXPECTS,
    help: 'OTLP over HTTP; 0 = any free port, off = none',
  },
  host: {
    name: 'host',
    value: 'ADDRESS',
    initial: '127.0.0.1',
    schema: filled,
    expects: 'an address of this machine such as 127.0.0.1 or 0.0.0.0',
    help: 'address to listen on; there is no login yet, so keep it local',
  },
  dataDir: {
    name: 'data-dir',
    value: 'DIR',
    initial: '.data',
    schema: filled.transform((dir) => path.resolve(dir)),
    expects: 'a directory',
    help: 'where stored queries, declared metrics and the state of the windows are kept',
  },
  snapshotEveryMs: {
    name: 'snapshot-every',
    value: 'DURATION',
    initial: '30s',
    schema: parsed((text) => (text === '0' ? 0 : parseDurationMs(text))).refine(
      (value) => value === 0 || value >= 1000,
    ),
    expects: 'a duration of at least 1s, or 0 for no snapshots',
    help: 'how often the state of the windows is saved for the next start; 0 = never',
  },
  storage: {
    name: 'storage',
    value: 'NAME',
    initial: 'memory',
    schema: z.literal('memory'),
    expects: 'memory, the one storage this version has',
    help: 'where samples and results are kept: memory',
  },
  memoryLimitBytes: {
    name: 'memory-limit',
    value: 'SIZE',
    initial: '1GiB',
    schema: parsed(parseBytes),
    expects: SIZE_EXPECTS,
    help: 'most that the memory storage holds; the oldest data goes first',
  },
  maxSeries: {
    name: 'max-series',
    value: 'N',
    initial: '2000000',
    schema: count(100_000_000).refine((value) => value > 0),
    expects: 'a number from 1 to 100000000',
    help: 'series the engine may know; points of further ones are refused',
  },
  retentionMs: {
    name: 'retention',
    value: 'DURATION',
    initial: '1y',
    schema: parsed(parseDurationMs),
    expects: DURATION_EXPECTS,
    help: 'how long samples are kept; older ones are refused as expired',
  },
  minWindowMs: {
    name: 'min-window',
    value: 'DURATION',
    initial: '5s',
    schema: parsed(parseDurationMs).refine((value) => value >= 1000),
    expects: 'a duration of at least 1s',
    help: 'smallest WINDOW a query may ask for',
  },
  maxBodyBytes: {
    name: 'max-body',
    value: 'SIZE',
    initial: '64MiB',
    schema: parsed(parseBytes).refine((value) => value <= 1024 ** 3),
    expects: 'a size such as 64MiB, at most 1GiB',
    help: 'largest request, after decompression',
  },
  servers: {
    name: 'servers',
    value: 'N',
    initial: '50',
    schema: count(100_000),
    expects: 'a number from 0 to 100000',
    help: 'servers in the simulated fleet',
  },
  metrics: {
    name: 'metrics',
    value: 'N',
    initial: '10',
    schema: count(10_000),
    expects: 'a number from 0 to 10000',
    help: 'metrics of each simulated server',
  },
  noSimulate: {
    name: 'no-simulate',
    schema: on,
    expects: SWITCH_EXPECTS,
    help: 'no simulated fleet',
  },
  noHostMetrics: {
    name: 'no-host-metrics',
    schema: on,
    expects: SWITCH_EXPECTS,
    help: "do not read this machine's own CPU, memory, disk and network",
  },
  replay: {
    name: 'replay',
    value: 'FILE',
    schema: filled,
    expects: 'a CSV file',
    help: 'replays a file of samples beside the live data; may be repeated',
  },
  replayAs: {
    name: 'replay-as',
    value: 'SERVER/METRIC',
    schema: z.string().regex(/^[^/]+\/.+$/),
    expects: 'SERVER/METRIC, for example db-01/rpc.latency, after the --replay it is for',
    help: 'names for the --replay before it (else: replay/<file name>)',
  },
  logLevel: {
    name: 'log-level',
    value: 'LEVEL',
    initial: 'warn',
    schema: z.enum(LOG_LEVELS),
    expects: LOG_LEVELS.join(', '),
    help: 'JSON log on stderr from this level on',
  },
} as const satisfies Record<string, Flag>

type FlagKey = keyof typeof FLAGS
type FlagValue<K extends FlagKey> = z.output<(typeof FLAGS)[K]['schema']>

const FLAG_KEYS = Object.keys(FLAGS) as FlagKey[]

/** Flags win over `WINDROW_*` variables, which win over the defaults. Reports all problems at once. */
export function parseCommandLine(args: readonly string[], env: NodeJS.ProcessEnv): ParsedCommandLine {
  const problems: string[] = []
  const given = new Map<FlagKey, string>()
  const replays: { file: string; as?: string }[] = []

  for (const key of FLAG_KEYS) {
    const value = env[variableOf(FLAGS[key].name)]
    if (value !== undefined && value !== '') given.set(key, value)
  }
  const replayFromEnv = given.get('replay')
  if (replayFromEnv !== undefined) for (const file of replayFromEnv.split(path.delimiter)) replays.push({ file })
  const replayAsFromEnv = given.get('replayAs')
  if (replayAsFromEnv !== undefined) nameReplay(replays, replayAsFromEnv, 'WINDROW_REPLAY_AS', problems)

  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: {
      ...Object.fromEntries(
        FLAG_KEYS.map((key) => [FLAGS[key].name, { type: 'value' in FLAGS[key] ? ('string' as const) : 'boolean' }]),
      ),
      help: { type: 'boolean', short: 'h' },
    },
  })
  let replaysAreFromEnv = true
  let unknownAt = -2
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      // Most likely the value of the unknown flag before it, which is told already.
      if (token.index === unknownAt + 1) continue
      problems.push(`"${token.value}" is not a flag; all settings are flags such as --port 8080, see --help`)
      continue
    }
    if (token.name === 'help') return { kind: 'help', text: helpText() }
    const key = FLAG_KEYS.find((candidate) => FLAGS[candidate].name === token.name)
    if (key === undefined || !token.rawName.startsWith('--')) {
      unknownAt = token.index
      problems.push(`${token.rawName}: there is no such flag${similarTo(token.name)}; see --help`)
      continue
    }
    const takesValue = 'value' in FLAGS[key]
    if (takesValue ? token.value === undefined : token.value !== undefined) {
      problems.push(`${token.rawName}: give ${FLAGS[key].expects}`)
      continue
    }
    if (key === 'replay') {
      if (replaysAreFromEnv) replays.length = 0
      replaysAreFromEnv = false
      replays.push({ file: token.value ?? '' })
    } else if (key === 'replayAs') nameReplay(replays, token.value ?? '', '--replay-as', problems)
    else given.set(key, token.value ?? 'true')
  }

  const read = <K extends FlagKey>(key: K): FlagValue<K> => {
    const flag: Flag = FLAGS[key]
    const text = given.get(key) ?? flag.initial ?? 'false'
    const result = flag.schema.safeParse(text)
    if (!result.success) problems.push(`--${flag.name}: "${text}" is not valid; give ${flag.expects}`)
    return result.data as FlagValue<K>
  }
  const options: ServerOptions = {
    host: read('host'),
    port: read('port'),
    otlpHttpPort: read('otlpHttpPort'),
    dataDir: read('dataDir'),
    storage: read('storage'),
    snapshotEveryMs: read('snapshotEveryMs'),
    retentionMs: read('retentionMs'),
    memoryLimitBytes: read('memoryLimitBytes'),
    maxSeries: read('maxSeries'),
    maxBodyBytes: read('maxBodyBytes'),
    minWindowMs: read('minWindowMs'),
    simulate: !read('noSimulate'),
    servers: read('servers'),
    metrics: read('metrics'),
    hostMetrics: !read('noHostMetrics'),
    replays,
    logLevel: read('logLevel'),
  }
  for (const replay of replays)
    if (replay.file === '') problems.push(`--replay: the file name is empty; give ${FLAGS.replay.expects}`)
  if (options.port === 'off' && options.otlpHttpPort === 'off')
    problems.push('--port and --otlp-http-port are both off: nothing would listen; give one of them a port')
  if (typeof options.port === 'number' && options.port !== 0 && options.port === options.otlpHttpPort)
    problems.push(`--port and --otlp-http-port are both ${options.port}; give one of them another port, or off`)
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'run', options }
}

function variableOf(flagName: string): string {
  return `WINDROW_${flagName.toUpperCase().replaceAll('-', '_')}`
}

function nameReplay(replays: { file: string; as?: string }[], as: string, from: string, problems: string[]): void {
  const last = replays.at(-1)
  if (last === undefined || last.as !== undefined)
    problems.push(`${from}: there is no --replay before it to name; give ${FLAGS.replayAs.expects}`)
  else if (!FLAGS.replayAs.schema.safeParse(as).success)
    problems.push(`${from}: "${as}" is not valid; give ${FLAGS.replayAs.expects}`)
  else last.as = as
}

function similarTo(name: string): string {
  const near = FLAG_KEYS.map((key) => FLAGS[key].name).find(
    (flag) => flag.startsWith(name) || name.startsWith(flag) || isOneEditAway(flag, name) || isTransposed(flag, name),
  )
  return near === undefined ? '' : `, did you mean --${near}`
}

function isOneEditAway(left: string, right: string): boolean {
  let start = 0
  while (start < left.length && left[start] === right[start]) start++
  const skipLeft = left.length >= right.length ? 1 : 0
  const skipRight = right.length >= left.length ? 1 : 0
  return left.slice(start + skipLeft) === right.slice(start + skipRight)
}

function isTransposed(left: string, right: string): boolean {
  return [...left].sort().join('') === [...right].sort().join('')
}

function helpText(): string {
  const rows = FLAG_KEYS.map((key) => {
    const flag: Flag = FLAGS[key]
    const left = flag.value === undefined ? `--${flag.name}` : `--${flag.name} ${flag.value}`
    return `  ${left.padEnd(28)}${flag.help}${flag.initial === undefined ? '' : ` (${flag.initial})`}`
  })
  return `windrow reference server: OTLP in, stored queries, live dashboard.

Examples
  npm start
      this machine's own metrics and 50 simulated servers, dashboard on http://127.0.0.1:8080/
  npm start -- --port 9000 --no-simulate --retention 20y --replay cpu.csv --replay-as db-01/cpu
      another port, no simulated fleet, and a file of old samples

Flags (default in brackets)
${rows.join('\n')}
  ${'-h, --help'.padEnd(28)}this text

Each flag can also be set as a variable: --otlp-http-port is WINDROW_OTLP_HTTP_PORT, --no-simulate is
WINDROW_NO_SIMULATE=1, several files in WINDROW_REPLAY are parted by "${path.delimiter}". A flag wins over its variable.
Exit codes: 0 stopped as asked, 1 could not start, 2 a flag is wrong.
`
}
