import { columnValue } from '../api/wire.ts'
import { lookAt } from '../chart/palette.ts'
import { formatExact, formatParts } from '../format/units.ts'
import { type CardView, entryAt } from '../model/card-view.ts'
import type { ShapedColumn } from '../model/query-shape.ts'
import { Swatch } from './swatch.tsx'

export interface ValueTilesProps {
  readonly view: CardView
  readonly columns: readonly ShapedColumn[]
  readonly focus: number
  readonly onScale: (scale: string) => void
}

/** The columns of one group at the window in focus. A tile chooses which scale is drawn: one axis never has two. */
export function ValueTiles({ view, columns, focus, onScale }: ValueTilesProps) {
  const entry = entryAt(view.chart, view.groups[0]?.key ?? '', focus)
  const hasBand = view.chart.lines.some((line) => line.role === 'min')
  const bandLook = lookAt(view.chart.lines.find((line) => line.role === 'line')?.look.colour ?? 0)
  const tileClass = entry?.row.early ? 'tile is-early' : 'tile'
  const hasChoice = new Set(columns.map((column) => column.scale)).size > 1
  return (
    <div class="tiles">
      {columns.map((column) => {
        const value = entry ? columnValue(entry.row, column.name) : null
        const parts = formatParts(value, column.unit, column.isFraction)
        const isDrawn = column.scale === view.scale
        const isEdge = hasBand && column.role !== 'line'
        const quality = entry?.row.quality?.columns?.[column.name]
        const error = quality?.relativeError
        const content = (
          <>
            <span class="tile-label">
              {isDrawn && (
                <Swatch look={isEdge ? bandLook : lookAt(column.colour)} role={isEdge ? column.role : 'line'} />
              )}
              <bdi>{column.name}</bdi>
            </span>
            <span class="tile-value">
              {parts.digits}
              {parts.unit + parts.noun !== '' && <small>{`${parts.unit} ${parts.noun}`.trim()}</small>}
              {error !== undefined && <small class="tile-error">±{(error * 100).toPrecision(2)} %</small>}
            </span>
          </>
        )
        const title = `${column.name}: ${formatExact(value, column.unit)}${quality ? `\n${quality.sketch}` : ''}`
        return hasChoice ? (
          <button
            type="button"
            class={tileClass}
            key={column.name}
            title={title}
            aria-pressed={isDrawn}
            onClick={() => onScale(column.scale)}
          >
            {content}
          </button>
        ) : (
          <div class={tileClass} key={column.name} title={title}>
            {content}
          </div>
        )
      })}
    </div>
  )
}
