export type Labels = Readonly<Record<string, string>>

/** The content type of the text below. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Metrics in the Prometheus text exposition format, version 0.0.4. */
export class MetricsText {
  #text = ''

  /** Each name once; `samples` may be empty. Non-finite values other than infinities are left out. */
  family(
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    samples: Iterable<readonly [labels: Labels, value: number]>,
  ): void {
    this.#head(name, type, help)
    for (const [labels, value] of samples) this.#sample(name, labels, value)
  }

  /** A summary without quantiles: what was counted, and its sum. */
  summary(
    name: string,
    help: string,
    samples: Iterable<readonly [labels: Labels, value: { readonly sum: number; readonly count: number }]>,
  ): void {
    this.#head(name, 'summary', help)
    for (const [labels, { sum, count }] of samples) {
      this.#sample(`${name}_sum`, labels, sum)
      this.#sample(`${name}_count`, labels, count)
    }
  }

  toString(): string {
    return this.#text
  }

  #head(name: string, type: string, help: string): void {
    this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
  }

  #sample(name: string, labels: Labels, value: number): void {
    if (!Number.isNaN(value)) this.#text += `${name}${inBraces(labels)} ${written(value)}\n`
  }
}

function inBraces(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

function written(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}

/** The samples of a family that has no labels. */
export function one(value: number): [[Labels, number]] {
  return [[{}, value]]
}
