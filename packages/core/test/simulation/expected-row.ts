import type { WindowResult } from '../../src/index.ts'
import { naivePercentile, naiveWindows } from '../../src/testing/index.ts'
import type { QuerySpec } from './scenario.ts'
import { hold } from './violation.ts'

/** Holds every column of a row against the values that should be in it. `law` names what is broken when it is not so. */
export function holdValues(law: string, row: WindowResult, spec: QuerySpec, values: readonly number[]): void {
  const where = `${row.query} v${row.queryVersion} [${row.startMs}, ${row.endMs}) ${JSON.stringify(row.group)}`
  hold(law, row.count === values.length, () => `${where} counts ${row.count}, not ${values.length}`)
  const finite = values.filter(Number.isFinite)
  const want = naiveWindows(
    finite.map((value) => ({ group: '', timeMs: 0, value })),
    { sizeMs: 1, stepMs: 1, offsetMs: 0 },
  )[0]
  const magnitude = want?.magnitude ?? 0
  for (const { name, aggregate } of spec.columns) {
    const got = row.values[name]
    const fail = (wanted: number | null) => (): string =>
      `${where} ${name} is ${got}, not ${wanted}, of ${values.length} values`
    if (got === undefined) hold(law, false, () => `${where} has no column ${name}`)
    else if (aggregate.fn === 'count') hold(law, got === values.length, fail(values.length))
    else if (aggregate.fn === 'min' || aggregate.fn === 'max') {
      const wanted = aggregate.fn === 'min' ? Math.min(...values) : Math.max(...values)
      hold(law, got === wanted, fail(wanted))
    } else if (aggregate.fn === 'percentile') {
      const { digits, scale } = aggregate.rank
      const truth = want === undefined ? null : naivePercentile(want.sorted, percentText(digits, scale))
      const error = (row.quality?.columns?.[name]?.relativeError ?? 0) * (1 + 1e-9)
      const close = truth === null ? got === null : got !== null && Math.abs(got - truth) <= error * Math.abs(truth)
      hold(law, close, fail(truth))
    } else {
      const wanted = totalOf(values, want?.sum ?? 0)
      const divisor = aggregate.fn === 'avg' ? values.length : 1
      const close =
        wanted === null || !Number.isFinite(wanted)
          ? got === wanted
          : got !== null && Math.abs(got - wanted / divisor) <= (1e-12 * magnitude) / divisor
      hold(law, close, fail(wanted === null ? null : wanted / divisor))
    }
  }
}

/** Infinities of one sign swallow everything; of both signs they leave nothing to say. */
function totalOf(values: readonly number[], finiteSum: number): number | null {
  const up = values.includes(Number.POSITIVE_INFINITY)
  const down = values.includes(Number.NEGATIVE_INFINITY)
  if (up && down) return null
  if (up) return Number.POSITIVE_INFINITY
  return down ? Number.NEGATIVE_INFINITY : finiteSum
}

/** `digits / 10^scale` of 1 as the percent it was written as. */
function percentText(digits: number, scale: number): string {
  const text = String(digits).padStart(scale + 1, '0')
  const whole = text.slice(0, text.length - scale + 2)
  return `${whole}.${text.slice(text.length - scale + 2)}`
}
