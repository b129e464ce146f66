import { columnValue } from '../api/wire.ts'
import { formatExact, formatNumber, formatValue } from '../format/units.ts'
import { type CardView, entryAt, groupName, groupTitle, MOST_GROUPS, TOP_GROUPS } from '../model/card-view.ts'
import type { ShapedColumn } from '../model/query-shape.ts'
import { Swatch } from './swatch.tsx'

export interface GroupTableProps {
  readonly view: CardView
  readonly columns: readonly ShapedColumn[]
  readonly focus: number
  readonly isExpanded: boolean
  readonly onColumn: (column: string) => void
  readonly onIsolate: (groupKey: string) => void
  readonly onExpand: (expanded: boolean) => void
}

/** Legend and values of a grouped query. A heading chooses the column drawn, a name isolates its group. */
export function GroupTable({ view, columns, focus, isExpanded, onColumn, onIsolate, onExpand }: GroupTableProps) {
  const dimensions = Object.keys(view.groups[0]?.group ?? {}).join(' · ')
  const canShowMore = view.hiddenGroups > 0 && !isExpanded
  return (
    <>
      <div class="group-scroll">
        <table class="groups">
          <thead>
            <tr>
              <th scope="col">
                <bdi>{dimensions}</bdi>
              </th>
              {columns.map((column) => (
                <th scope="col" key={column.name} class={column.name === view.column ? 'is-drawn' : ''}>
                  <button
                    type="button"
                    aria-pressed={column.name === view.column}
                    title={`Draw ${column.name}`}
                    onClick={() => onColumn(column.name)}
                  >
                    <bdi>{column.name}</bdi>
                  </button>
                </th>
              ))}
              <th scope="col" title="Samples in the window">
                n
              </th>
            </tr>
          </thead>
          <tbody>
            {view.groups.map((group) => {
              const line = view.chart.lines.find((candidate) => candidate.groupKey === group.key)
              const entry = entryAt(view.chart, group.key, focus)
              return (
                <tr key={group.key} class={entry?.row.early ? 'is-early' : ''}>
                  <th scope="row">
                    <button
                      type="button"
                      title={`${groupTitle(group)}\nShow alone`}
                      onClick={() => onIsolate(group.key)}
                    >
                      {line && <Swatch look={line.look} />}
                      <bdi>{groupName(group)}</bdi>
                    </button>
                  </th>
                  {columns.map((column) => {
                    const value = entry ? columnValue(entry.row, column.name) : null
                    return (
                      <td
                        key={column.name}
                        class={column.name === view.column ? 'is-drawn' : ''}
                        title={formatExact(value, column.unit)}
                      >
                        {formatValue(value, column.unit, column.isFraction)}
                      </td>
                    )
                  })}
                  <td>
                    {entry ? formatNumber(entry.row.count) : '–'}
                    {entry?.row.early && (
                      <small title="The window is not over: these are the values so far"> open</small>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      {(canShowMore || isExpanded) && (
        <button type="button" class="link" onClick={() => onExpand(!isExpanded)}>
          {canShowMore
            ? `${view.hiddenGroups} more`
            : `Top ${TOP_GROUPS} only${view.hiddenGroups > 0 ? ` (${view.hiddenGroups} beyond the first ${MOST_GROUPS})` : ''}`}
        </button>
      )}
    </>
  )
}
