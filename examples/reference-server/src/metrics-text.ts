type Labels = Readonly<Record<string, string>>

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
    this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
    for (const [labels, value] of samples)
      if (!Number.isNaN(value)) this.#text += `${name}${inBraces(labels)} ${written(value)}\n`
  }

  toString(): string {
    return this.#text
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
