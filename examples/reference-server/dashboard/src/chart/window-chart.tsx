import { effect, type ReadonlySignal, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { formatTicks, tickSteps } from '../format/units.ts'
import type { ChartModel } from '../model/chart-model.ts'
import { chartTheme } from './chart-theme.ts'
import { drawWindows } from './draw-windows.ts'

export interface WindowChartProps {
  readonly model: ReadonlySignal<ChartModel | undefined>
  /** Place in the model under the cursor, written by the chart. */
  readonly cursor: Signal<number | null>
  /** One sentence that says what the picture shows. */
  readonly sentence: string
  readonly onZoom: (fromMs: number, toMs: number) => void
  readonly onZoomBack: () => void
}

const HEIGHT = 184
const SYNC_KEY = 'windrow'
/** A drag shorter than this is a click. */
const LEAST_DRAG_PX = 6

/** A uPlot chart of windows. The canvas follows the model's signal without re-rendering the component. */
export function WindowChart({ model, cursor, sentence, onZoom, onZoomBack }: WindowChartProps) {
  const host = useRef<HTMLDivElement>(null)
  const zoom = useRef({ onZoom, onZoomBack })
  zoom.current = { onZoom, onZoomBack }
  const chart = useRef<uPlot | undefined>(undefined)

  useEffect(() => {
    const element = host.current
    if (!element) return
    let lineCount = -1
    const stop = effect(() => {
      const shown = model.value
      const theme = chartTheme.value
      if (!shown || !theme) return
      if (!chart.current || lineCount !== shown.lines.length) {
        chart.current?.destroy()
        lineCount = shown.lines.length
        chart.current = new uPlot(optionsFor(element, shown.lines.length, model, cursor, zoom), dataOf(shown), element)
      } else {
        chart.current.setData(dataOf(shown))
      }
    })
    const observer = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height: HEIGHT }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      stop()
      chart.current?.destroy()
      chart.current = undefined
    }
  }, [model, cursor])

  function moveCursor(event: KeyboardEvent): void {
    const plot = chart.current
    const shown = model.peek()
    if (!plot || !shown || (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight')) return
    event.preventDefault()
    const last = shown.x.length - 1
    const from = cursor.peek() ?? last + 1
    const to = Math.min(last, Math.max(0, from + (event.key === 'ArrowLeft' ? -1 : 1)))
    plot.setCursor({ left: plot.valToPos(shown.x[to] ?? 0, 'x'), top: 0 })
  }

  return (
    <div
      ref={host}
      class="chart"
      role="img"
      aria-label={sentence}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the cursor over the windows.
      tabIndex={0}
      onKeyDown={moveCursor}
    />
  )
}

function dataOf(model: ChartModel): uPlot.AlignedData {
  return [model.x as number[], ...model.lines.map((line) => line.values as (number | null)[])]
}

function optionsFor(
  element: HTMLElement,
  lineCount: number,
  model: ReadonlySignal<ChartModel | undefined>,
  cursor: Signal<number | null>,
  zoom: { readonly current: Pick<WindowChartProps, 'onZoom' | 'onZoomBack'> },
): uPlot.Options {
  const axisStroke = () => chartTheme.peek()?.axis ?? '#888'
  const grid = { stroke: () => chartTheme.peek()?.grid ?? '#888', width: 1 }
  const font = '11px system-ui, sans-serif'
  return {
    width: element.clientWidth,
    height: HEIGHT,
    ms: 1,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, range: () => [model.peek()?.fromMs ?? 0, model.peek()?.toMs ?? 1] },
      y: { range: (_plot, low, high) => yRange(low, high) },
    },
    axes: [
      { stroke: axisStroke, grid, ticks: { show: false }, font, size: 24, gap: 4, space: 76, values: clockTicks },
      {
        stroke: axisStroke,
        grid,
        ticks: { show: false },
        font,
        gap: 6,
        incrs: () => tickSteps(model.peek()?.unit ?? ''),
        size: (plot, values) => axisWidth(plot, values),
        values: (_plot, ticks) => formatTicks(ticks, model.peek()?.unit ?? '', model.peek()?.isFraction),
      },
    ],
    // The lines themselves are drawn in the `draw` hook, segment by segment, by the state of each window.
    series: [
      {},
      ...Array.from({ length: lineCount }, (): uPlot.Series => ({ paths: () => null, points: { show: false } })),
    ],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG_PX },
      // Other cards follow the pointer, not the drag: one of them zooms the page.
      sync: {
        key: SYNC_KEY,
        scales: ['x', null],
        filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' },
      },
      bind: {
        dblclick: () => () => {
          zoom.current.onZoomBack()
          return null
        },
      },
    },
    hooks: {
      draw: [
        (plot) => {
          const shown = model.peek()
          const theme = chartTheme.peek()
          if (shown && theme) drawWindows(plot, shown, theme)
        },
      ],
      setCursor: [
        (plot) => {
          cursor.value = plot.cursor.left === undefined || plot.cursor.left < 0 ? null : (plot.cursor.idx ?? null)
        },
      ],
      setSelect: [
        (plot) => {
          if (plot.select.width < LEAST_DRAG_PX) return
          const fromMs = plot.posToVal(plot.select.left, 'x')
          const toMs = plot.posToVal(plot.select.left + plot.select.width, 'x')
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          zoom.current.onZoom(fromMs, toMs)
        },
      ],
    },
  }
}

/** Zero is on the axis when the values are not far from it; otherwise the values get the room. */
function yRange(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1]
  if (low === high) return low === 0 ? [0, 1] : [Math.min(0, low * 1.2), Math.max(0, high * 1.2)]
  const pad = (high - low) * 0.08
  if (low >= 0 && low < high * 0.6) return [0, high + pad]
  if (high <= 0 && high > low * 0.6) return [low - pad, 0]
  return [low - pad, high + pad]
}

function axisWidth(plot: uPlot, values: readonly string[] | null): number {
  if (!values?.length) return 48
  plot.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`
  const widest = values.reduce((most, text) => Math.max(most, plot.ctx.measureText(text).width), 0)
  return Math.max(48, Math.ceil(widest / devicePixelRatio) + 12)
}

const hourMinute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const hourMinuteSecond = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dayMonth = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short' })

function clockTicks(_plot: uPlot, ticks: readonly number[]): string[] {
  const stepMs = (ticks[1] ?? 0) - (ticks[0] ?? 0)
  if (stepMs >= 86_400_000) return ticks.map((tick) => dayMonth.format(tick))
  const format = stepMs > 0 && stepMs < 60_000 ? hourMinuteSecond : hourMinute
  return ticks.map((tick) => format.format(tick))
}
