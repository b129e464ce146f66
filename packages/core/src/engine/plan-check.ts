import { WindrowError } from '../errors.ts'
import { expressionProblem } from '../plan/check-expression.ts'
import { kindRule } from '../plan/kind-rules.ts'
import type {
  CalendarWindowPlan,
  ColumnPlan,
  FixedWindowPlan,
  QueryPlan,
  SessionWindowPlan,
  WindowPlan,
} from '../plan/query-plan.ts'
import type { MetricInfo } from '../registry/metric-catalog.ts'
import type { ColumnSchema } from '../result/window-result.ts'
import { nominalWindowMs } from '../window/nominal-length.ts'
import { gcd, MAX_PANES } from '../window/pane-edges.ts'
import type { ResolvedEngineOptions } from './options.ts'

/** Revisions of one row in one generation are fewer than 65,536, with room for late samples. */
const MAX_EARLY_ROWS = 40_000
const SHORTEST_UNIT_MS = { day: 82_800_000, week: 601_200_000, month: 2_415_600_000 }

/** Throws `PLAN_INVALID` or `TOO_MANY_PANES` for a plan that no engine could run, however it was made. */
export function checkPlan(plan: QueryPlan, minWindowMs: number, latenessMs: number): void {
  for (const allowedMs of [latenessMs, plan.latenessMs ?? 0])
    if (!Number.isSafeInteger(allowedMs) || allowedMs < 0)
      throw invalid(`the lateness of ${allowedMs} ms is not a whole number of at least 0`, 'use LATENESS 0s for none')
  checkWindow(plan.window, minWindowMs, latenessMs)
  checkColumns(plan.columns)
  checkRows(plan)
}

/** As `checkPlan`, of a query that is to run on. */
export function checkStoredPlan(
  plan: QueryPlan,
  options: Pick<ResolvedEngineOptions, 'minWindowMs' | 'latenessMs'>,
): void {
  checkPlan(plan, options.minWindowMs, plan.latenessMs ?? options.latenessMs)
  if (plan.range !== undefined)
    throw invalid(
      'a stored query has no SINCE or UNTIL: it runs on',
      'leave them out, or run the text as a one-off query',
    )
}

function checkWindow(window: WindowPlan, minWindowMs: number, latenessMs: number): void {
  if (window.type === 'session') checkSession(window, minWindowMs)
  else if (window.type === 'calendar') checkCalendar(window)
  else if (window.type === 'fixed') checkFixed(window, minWindowMs, latenessMs)
  else
    throw invalid(
      `there are no windows of type ${String(Reflect.get(window, 'type'))}`,
      'use fixed, calendar or session',
    )
}

function checkFixed({ sizeMs, stepMs, offsetMs }: FixedWindowPlan, minWindowMs: number, latenessMs: number): void {
  if (![sizeMs, stepMs, offsetMs].every(Number.isSafeInteger))
    throw invalid('window sizes are whole milliseconds', 'round the durations')
  if (sizeMs < minWindowMs)
    throw invalid(`the window of ${sizeMs} ms is under the least of ${minWindowMs} ms`, `use WINDOW ${minWindowMs}ms`)
  if (stepMs < 1 || stepMs > sizeMs)
    throw invalid(`the step of ${stepMs} ms is not between 1 ms and the window's ${sizeMs} ms`, 'make EVERY smaller')
  if (offsetMs < 0 || offsetMs >= stepMs)
    throw invalid(`the offset of ${offsetMs} ms is not in [0, ${stepMs})`, 'take it modulo the step')
  const paneMs = gcd(sizeMs, stepMs)
  const panes = (sizeMs + latenessMs) / paneMs
  if (panes > MAX_PANES)
    throw new WindrowError('TOO_MANY_PANES', `the window needs ${Math.ceil(panes)} panes of ${paneMs} ms`, {
      hint: `at most ${MAX_PANES} are kept: use a step of at least ${Math.ceil((sizeMs + latenessMs) / MAX_PANES)} ms that divides the window`,
      details: { panes: Math.ceil(panes) },
    })
}

function checkCalendar({ unit, size, step, offsetMs, timeZone }: CalendarWindowPlan): void {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(step) || step < 1 || step > size)
    throw invalid(`a window of ${size} ${unit}s every ${step} is none`, 'take whole units, 1 <= step <= size')
  if (size > MAX_PANES * step)
    throw invalid(`${size} ${unit}s every ${step} overlap more than ${MAX_PANES} times`, 'make EVERY longer')
  if (!Number.isSafeInteger(offsetMs) || Math.abs(offsetMs) >= step * SHORTEST_UNIT_MS[unit])
    throw invalid(`the offset of ${offsetMs} ms is not less than a step`, 'take it modulo the step')
  if (!isTimeZone(timeZone))
    throw invalid(`there is no time zone ${timeZone}`, 'use an IANA name such as Europe/Berlin')
}

function checkSession({ gapMs, maxMs }: SessionWindowPlan, minWindowMs: number): void {
  if (!Number.isSafeInteger(gapMs) || gapMs < minWindowMs)
    throw invalid(`the gap of ${gapMs} ms is under the least of ${minWindowMs} ms`, `use GAP ${minWindowMs}ms`)
  if (!Number.isSafeInteger(maxMs) || maxMs < gapMs)
    throw invalid(`the longest session of ${maxMs} ms is shorter than the gap of ${gapMs} ms`, 'make MAX longer')
}

function checkColumns(columns: readonly ColumnPlan[]): void {
  if (columns.length === 0) throw invalid('a query computes at least one column', 'add one to COMPUTE')
  const names = new Set(columns.map((column) => column.name))
  if (names.size !== columns.length) throw invalid('two columns have the same name', 'rename one with AS')
  for (const { aggregate } of columns)
    if (aggregate.fn === 'percentile') {
      const { digits, scale } = aggregate.rank
      if (!Number.isSafeInteger(digits) || !Number.isSafeInteger(scale) || digits < 0 || digits > 10 ** scale)
        throw invalid(`the rank ${digits}/10^${scale} is not between 0 and 1`, 'percentile takes 0 to 100')
    }
}

/** What is said about which rows are shown, and when. */
function checkRows({ columns, window, having, orderBy, limit, minSamples, emit, fill, reading }: QueryPlan): void {
  const names = columns.map((column) => column.name)
  const problem = having === undefined ? undefined : expressionProblem(having, names)
  if (problem !== undefined) throw invalid(`HAVING: ${problem}`, `the columns are ${names.join(', ')}`)
  if (orderBy !== undefined && !names.includes(orderBy.column))
    throw invalid(`ORDER BY ${orderBy.column}: there is no such column`, `the columns are ${names.join(', ')}`)
  for (const [word, count] of [
    ['LIMIT', limit],
    ['MIN SAMPLES', minSamples],
  ] as const)
    if (count !== undefined && (!Number.isSafeInteger(count) || count < 1))
      throw invalid(`${word} ${count} is not a whole number of at least 1`, 'leave it out for none')
  if (emit?.at === 'every' && !(Number.isSafeInteger(emit.everyMs) && emit.everyMs >= 1_000))
    throw invalid(`EMIT EVERY ${emit.everyMs} ms is under a second`, 'use EMIT EVERY 1s')
  const { sizeMs } = nominalWindowMs(window)
  if (emit?.at === 'every' && sizeMs / emit.everyMs > MAX_EARLY_ROWS)
    throw invalid(
      `EMIT EVERY ${emit.everyMs} ms makes ${Math.ceil(sizeMs / emit.everyMs)} rows of one window`,
      `at most ${MAX_EARLY_ROWS} are numbered: use at least EMIT EVERY ${Math.ceil(sizeMs / MAX_EARLY_ROWS / 1_000)}s`,
    )
  if (fill?.with === 'value' && !Number.isFinite(fill.value))
    throw invalid(`FILL ${fill.value} is no number`, 'use FILL NULL')
  if (fill?.with === 'previous') {
    const within = 'ms' in fill.within ? fill.within.ms : fill.within.windows
    if (!Number.isSafeInteger(within) || within < 1)
      throw invalid(`FILL PREVIOUS within ${within} reaches nothing`, 'use at least one window')
  }
  if (window.type === 'session' && reading !== undefined && reading !== 'samples')
    throw invalid('what a counter grew by has no sessions', 'use a window of fixed length')
  if (window.type === 'session' && (fill !== undefined || orderBy !== undefined || limit !== undefined))
    throw invalid('sessions have no windows in common', 'leave FILL, ORDER BY and LIMIT out')
}

/** Why the plan's functions mean nothing for the metric, or undefined. */
export function kindProblem(plan: QueryPlan, metric: MetricInfo | undefined): string | undefined {
  if (metric === undefined) return undefined
  for (const { aggregate, name } of plan.columns) {
    const rule = kindRule(metric.kind, aggregate.fn, plan.reading)
    if (rule.verdict === 'allow' || (rule.verdict === 'refuse-when-known' && metric.kindAssumed)) continue
    return `column ${name}: ${rule.message} (${metric.metric} is a ${metric.kind}); ${rule.hint}`
  }
  return undefined
}

/** Units travel with the columns: counts have none, everything else has the metric's. */
export function columnSchemas(plan: Pick<QueryPlan, 'columns' | 'reading'>, unit: string): ColumnSchema[] {
  const perSecond = plan.reading === 'rate' ? `${unit === '' ? '1' : unit}/s` : unit
  return plan.columns.map(({ name, aggregate }) => ({
    name,
    unit: aggregate.fn === 'count' ? '1' : perSecond,
    type: 'number',
  }))
}

function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return true
  } catch {
    return false
  }
}

function invalid(message: string, hint: string): WindrowError {
  return new WindrowError('PLAN_INVALID', message, { hint })
}
