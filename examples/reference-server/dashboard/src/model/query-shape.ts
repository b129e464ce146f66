import type { WireColumn } from '../api/wire.ts'

/** How a column is drawn: the two edges of a band, or a line. */
export type ColumnRole = 'min' | 'max' | 'line'

export interface ShapedColumn {
  readonly name: string
  readonly unit: string
  readonly role: ColumnRole
  /** Columns with the same scale share an axis; others are never drawn on it. */
  readonly scale: string
  /** A dimensionless value that is a fraction of one, hence shown in percent. */
  readonly isFraction: boolean
  /** Place among the lines of the query; the band takes the colour of the first. */
  readonly colour: number
}

/** The metric a query selects, for its unit's meaning only. */
export function metricOf(text: string): string {
  const select = /\sSELECT\s+(?:(?:RATE|INCREASE)\s*\(\s*)?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s)]+)/i.exec(text)
  return select?.[1] ?? ''
}

/** A total or a number of things is of another size than the levels it comes from, even in the same unit. */
function scaleKind(name: string): string {
  if (/^count|_count$|^distinct/.test(name)) return 'count'
  if (/^sum/.test(name)) return 'sum'
  return 'level'
}

export function shapeColumns(columns: readonly WireColumn[], text: string): ShapedColumn[] {
  const isFractionMetric = /utili[sz]ation|ratio|fraction/i.test(metricOf(text))
  const names = columns.map((column) => column.name)
  const hasBand = names.includes('min') && names.includes('max')
  let lineCount = 0
  return columns.map((column) => {
    const kind = scaleKind(column.name)
    const role = hasBand && (column.name === 'min' || column.name === 'max') ? column.name : 'line'
    return {
      name: column.name,
      unit: column.unit,
      role,
      scale: `${kind} ${column.unit}`,
      isFraction: isFractionMetric && column.unit === '1' && kind === 'level',
      colour: role === 'line' ? lineCount++ : 0,
    }
  })
}

/** The scale a card opens with: the one most columns share, levels before totals. */
export function defaultScale(columns: readonly ShapedColumn[]): string | undefined {
  const sizes = new Map<string, number>()
  for (const { scale } of columns) sizes.set(scale, (sizes.get(scale) ?? 0) + (scale.startsWith('level') ? 1.5 : 1))
  return [...sizes].reduce<[string, number] | undefined>(
    (best, next) => (best && best[1] >= next[1] ? best : next),
    undefined,
  )?.[0]
}

/** The column a grouped card opens with: the middle of the distribution if it is there. */
export function defaultColumn(columns: readonly ShapedColumn[]): string | undefined {
  const lines = columns.filter((column) => column.role === 'line')
  return (lines.find((column) => column.scale.startsWith('level')) ?? lines[0] ?? columns[0])?.name
}
