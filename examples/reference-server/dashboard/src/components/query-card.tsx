import { type ReadonlySignal, type Signal, useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { WindowChart } from '../chart/window-chart.tsx'
import { buildCardView, type CardChoice, type CardView, focusOf, groupName } from '../model/card-view.ts'
import type { ChartModel } from '../model/chart-model.ts'
import { chartSentence } from '../model/sentence.ts'
import type { Card } from '../state/card.ts'
import { changeQuery } from '../state/page.ts'
import { boundsOf, timeRange, zoomBack, zoomTo } from '../state/time-range.ts'
import { CardHead } from './card-head.tsx'
import { EmptyChart } from './empty-chart.tsx'
import { FailureNote } from './failure-note.tsx'
import { GroupTable } from './group-table.tsx'
import { QueryEditor } from './query-editor.tsx'
import { Readout } from './readout.tsx'
import { ValueTiles } from './value-tiles.tsx'

/** Cards this far below or above the screen are drawn too, so that scrolling finds them ready. */
const NEARLY_IN_SIGHT = '200px 0px'

const FIRST_CHOICE: CardChoice = { scale: undefined, column: undefined, isolated: undefined, isExpanded: false }

/** A stored query: what it says, how it stands, its values and their picture. */
export function QueryCard({ card }: { readonly card: Card }) {
  const choice = useSignal(FIRST_CHOICE)
  const view = useSignal<CardView | undefined>(undefined)
  const cursor = useSignal<number | null>(null)
  const isEditing = useSignal(false)
  const article = useRef<HTMLElement>(null)
  const chart = useComputed(() => view.value?.chart)

  useSignalEffect(() => {
    card.drawing.frame.value
    view.value = buildCardView({
      rows: card.rows,
      windowMs: card.query.value.window?.sizeMs ?? 0,
      stepMs: card.query.value.window?.stepMs ?? Number.POSITIVE_INFINITY,
      areSessions: card.query.value.window?.type === 'session',
      columns: card.shapedColumns.value,
      looks: card.looks,
      choice: choice.value,
      ...boundsOf(timeRange.value),
      finalThroughMs: card.finalThroughMs,
    })
  })

  useEffect(() => {
    const element = article.current
    if (!element) return
    const observer = new IntersectionObserver(([seen]) => card.drawing.show(seen?.isIntersecting ?? false), {
      rootMargin: NEARLY_IN_SIGHT,
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [card])

  function choose(change: Partial<CardChoice>): void {
    choice.value = { ...choice.peek(), ...change }
    cursor.value = null
    card.drawing.force()
  }

  const query = card.query.value
  const load = card.load.value
  const shown = view.value
  return (
    <article ref={article} class={`card is-${query.state}`} aria-label={card.name}>
      <CardHead card={card} onEdit={() => (isEditing.value = true)} />
      {isEditing.value ? (
        <QueryEditor
          name={card.name}
          text={query.text}
          onSave={(_name, text) => changeQuery(card.name, { text })}
          onClose={() => (isEditing.value = false)}
        />
      ) : (
        <code class="query-text">
          <bdi>{query.text}</bdi>
        </code>
      )}
      {load.kind === 'failed' && load.failure && (
        <FailureNote failure={load.failure} onRetry={() => void card.loadRange(timeRange.peek())} />
      )}
      {query.state === 'invalid' && shown?.isEmpty ? null : !shown || (shown.isEmpty && load.kind === 'loading') ? (
        <Skeleton />
      ) : shown.isEmpty ? (
        load.kind === 'ready' && (
          <EmptyChart query={query} range={{ kind: timeRange.value.kind, ...boundsOf(timeRange.value) }} />
        )
      ) : (
        <CardPicture card={card} view={shown} chart={chart} choice={choice.value} onChoose={choose} cursor={cursor} />
      )}
    </article>
  )
}

interface CardPictureProps {
  readonly card: Card
  readonly view: CardView
  readonly chart: ReadonlySignal<ChartModel | undefined>
  readonly choice: CardChoice
  readonly onChoose: (change: Partial<CardChoice>) => void
  readonly cursor: Signal<number | null>
}

function CardPicture({ card, view, chart, choice, onChoose, cursor }: CardPictureProps) {
  const columns = card.shapedColumns.value
  const focus = focusOf(view.chart, cursor.value)
  const isolated = choice.isolated !== undefined && view.mode === 'columns' ? view.groups[0] : undefined
  return (
    <div class={`picture ${card.load.value.kind === 'ready' ? '' : 'is-stale'}`}>
      {isolated && (
        <p class="isolated">
          <bdi>{groupName(isolated)}</bdi>
          <button type="button" class="link" onClick={() => onChoose({ isolated: undefined })}>
            All groups
          </button>
        </p>
      )}
      {view.mode === 'columns' && (
        <ValueTiles view={view} columns={columns} focus={focus} onScale={(scale) => onChoose({ scale })} />
      )}
      <WindowChart
        model={chart}
        cursor={cursor}
        sentence={chartSentence(card.name, view.chart)}
        onZoom={zoomTo}
        onZoomBack={zoomBack}
      />
      <Readout view={view} focus={focus} isUnderCursor={cursor.value !== null} />
      {view.mode === 'groups' && (
        <GroupTable
          view={view}
          columns={columns}
          focus={focus}
          isExpanded={choice.isExpanded}
          onColumn={(column) => onChoose({ column })}
          onIsolate={(groupKey) => onChoose({ isolated: groupKey })}
          onExpand={(isExpanded) => onChoose({ isExpanded })}
        />
      )}
      {card.rows.hasDropped && <p class="hint">The range has more rows than are held; the oldest are not shown.</p>}
    </div>
  )
}

/** The shape of a card before its first answer. */
export function Skeleton() {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      <div class="skeleton-tiles" />
      <div class="skeleton-chart" />
    </div>
  )
}
