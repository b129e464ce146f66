import type uPlot from 'uplot'
import type { ChartLine, ChartModel } from '../model/chart-model.ts'
import type { Entry } from '../model/row-store.ts'
import { isCorrected, isIncomplete } from '../model/window-state.ts'
import type { ChartTheme } from './chart-theme.ts'
import { DASHES } from './palette.ts'

/** CSS pixels of the strip on the x axis that shows how much of a window is missing. */
const STRIP_HEIGHT = 14

type Stroke = 'closed' | 'partial' | 'early' | 'incomplete'

const STROKES: readonly Stroke[] = ['closed', 'incomplete', 'partial', 'early']

interface Pen {
  readonly context: CanvasRenderingContext2D
  readonly plot: uPlot
  readonly theme: ChartTheme
  readonly ratio: number
}

/** Draws the lines, the band and the marks of the window states into the plot area. */
export function drawWindows(plot: uPlot, model: ChartModel, theme: ChartTheme): void {
  const { ctx: context, bbox } = plot
  const pen: Pen = { context, plot, theme, ratio: devicePixelRatio }
  context.save()
  context.beginPath()
  // Room for the mark at the end of the newest window.
  context.rect(bbox.left, bbox.top, bbox.width + 5 * pen.ratio, bbox.height)
  context.clip()
  for (const [fromMs, toMs] of model.gaps) hatchGap(pen, fromMs, toMs)
  const low = model.lines.find((line) => line.role === 'min')
  const high = model.lines.find((line) => line.role === 'max')
  if (low && high) fillBand(pen, model, low, high)
  for (const line of model.lines) {
    if (line.role === 'line') strokeLine(pen, model, line)
  }
  const lead = model.lines[0]
  if (lead) {
    markIncomplete(pen, lead.entries)
    markImported(pen, lead.entries)
  }
  context.restore()
}

function xAt({ plot }: Pen, epochMs: number): number {
  return plot.valToPos(epochMs, 'x', true)
}

function yAt({ plot }: Pen, value: number): number {
  return plot.valToPos(value, 'y', true)
}

/** Diagonal lines over a span without data, so that it cannot be taken for zero or for a straight line. */
function hatchGap(pen: Pen, fromMs: number, toMs: number): void {
  const { bbox } = pen.plot
  hatch(pen, xAt(pen, fromMs), bbox.top, xAt(pen, toMs), bbox.top + bbox.height, pen.theme.hatch, 7)
}

function hatch(pen: Pen, left: number, top: number, right: number, bottom: number, colour: string, gap: number): void {
  const { context, ratio } = pen
  if (right - left < 1) return
  context.save()
  context.beginPath()
  context.rect(left, top, right - left, bottom - top)
  context.clip()
  context.beginPath()
  const height = bottom - top
  const spacing = gap * ratio
  // Anchored to the canvas, not to the span, so that neighbouring spans join.
  for (let x = Math.floor((left - height) / spacing) * spacing; x < right; x += spacing) {
    context.moveTo(x, bottom)
    context.lineTo(x + height, top)
  }
  context.strokeStyle = colour
  context.lineWidth = ratio
  context.stroke()
  context.restore()
}

function fillBand(pen: Pen, model: ChartModel, low: ChartLine, high: ChartLine): void {
  const { context, theme, ratio } = pen
  const middle = model.lines.find((line) => line.role === 'line') ?? low
  const colour = theme.lines[middle.look.colour] ?? theme.axis
  context.save()
  context.lineWidth = ratio
  context.strokeStyle = colour
  context.fillStyle = colour
  for (const [first, last] of runsOf(model, low, high)) {
    const upper: [number, number][] = []
    const lower: [number, number][] = []
    for (let i = first; i <= last; i += 1) {
      const x = xAt(pen, model.x[i] ?? 0)
      upper.push([x, yAt(pen, high.values[i] ?? 0)])
      lower.push([x, yAt(pen, low.values[i] ?? 0)])
    }
    context.globalAlpha = 0.16
    context.beginPath()
    trace(context, [...upper, ...lower.toReversed()])
    context.fill()
    context.globalAlpha = 0.45
    context.beginPath()
    trace(context, upper)
    trace(context, lower)
    context.stroke()
  }
  context.restore()
}

function trace(context: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  points.forEach(([x, y], index) => {
    if (index === 0) context.moveTo(x, y)
    else context.lineTo(x, y)
  })
}

/** Unbroken stretches in which both lines have values. */
function runsOf(model: ChartModel, low: ChartLine, high: ChartLine): [number, number][] {
  const runs: [number, number][] = []
  let first: number | undefined
  for (let i = 0; i <= model.x.length; i += 1) {
    const here = i < model.x.length && low.values[i] != null && high.values[i] != null
    if (here && first === undefined) first = i
    if (first !== undefined && !here) {
      runs.push([first, i - 1])
      first = undefined
    }
  }
  return runs
}

function strokeLine(pen: Pen, model: ChartModel, line: ChartLine): void {
  const { context, theme, ratio } = pen
  const paths: Record<Stroke, Path2D> = {
    closed: new Path2D(),
    incomplete: new Path2D(),
    partial: new Path2D(),
    early: new Path2D(),
  }
  let strokeBefore: Stroke | undefined
  let xBefore = 0
  let yBefore = 0
  const dots: [number, number, boolean][] = []
  const triangles: { x: number; y: number; oldY: number | undefined }[] = []
  for (let i = 0; i < model.x.length; i += 1) {
    const value = line.values[i]
    const entry = line.entries[i]
    if (value == null || !entry) continue
    const x = xAt(pen, model.x[i] ?? 0)
    const y = yAt(pen, value)
    const before = i > 0 ? line.values[i - 1] : null
    const stroke = strokeOf(entry)
    if (before != null) {
      if (stroke !== strokeBefore) paths[stroke].moveTo(xBefore, yBefore)
      paths[stroke].lineTo(x, y)
    }
    strokeBefore = before == null ? undefined : stroke
    xBefore = x
    yBefore = y
    const isAlone = before == null && line.values[i + 1] == null
    if (entry.row.early) dots.push([x, y, true])
    else if (isAlone) dots.push([x, y, false])
    if (isCorrected(entry)) triangles.push({ x, y, oldY: oldPosition(pen, line, entry) })
  }
  context.save()
  const colour = theme.lines[line.look.colour] ?? theme.axis
  context.strokeStyle = colour
  context.fillStyle = colour
  context.lineJoin = 'round'
  for (const stroke of STROKES) {
    context.lineWidth = (stroke === 'incomplete' ? 0.9 : 1.6) * ratio
    context.setLineDash(dashOf(stroke, line.look.dash).map((length) => length * ratio))
    context.stroke(paths[stroke])
  }
  context.setLineDash([])
  context.lineWidth = 1.4 * ratio
  for (const [x, y, isHollow] of dots) drawDot(pen, x, y, isHollow)
  for (const { x, y, oldY } of triangles) drawCorrection(pen, x, y, oldY)
  context.restore()
}

function strokeOf(entry: Entry): Stroke {
  if (entry.row.early) return 'early'
  if (entry.row.partial) return 'partial'
  return isIncomplete(entry) ? 'incomplete' : 'closed'
}

function dashOf(stroke: Stroke, lookDash: number): readonly number[] {
  if (stroke === 'early') return [5, 3]
  if (stroke === 'partial') return [1.5, 3]
  return DASHES[lookDash] ?? []
}

function oldPosition(pen: Pen, line: ChartLine, { previous }: Entry): number | undefined {
  const value = previous?.values[line.column.name]
  return typeof value === 'number' ? yAt(pen, value) : undefined
}

function drawDot({ context, theme, ratio }: Pen, x: number, y: number, isHollow: boolean): void {
  context.beginPath()
  context.arc(x, y, (isHollow ? 2.6 : 2) * ratio, 0, Math.PI * 2)
  if (!isHollow) {
    context.fill()
    return
  }
  const solid = context.fillStyle
  context.fillStyle = theme.ground
  context.fill()
  context.fillStyle = solid
  context.stroke()
}

/** A small triangle above the corrected value, and a faint tick where it stood before. */
function drawCorrection({ context, ratio }: Pen, x: number, y: number, oldY: number | undefined): void {
  const size = 3.2 * ratio
  const tip = y - 4 * ratio
  context.beginPath()
  context.moveTo(x, tip)
  context.lineTo(x - size, tip - size * 1.6)
  context.lineTo(x + size, tip - size * 1.6)
  context.closePath()
  context.fill()
  if (oldY === undefined || Math.abs(oldY - y) < 2 * ratio) return
  context.save()
  context.globalAlpha = 0.5
  context.beginPath()
  context.moveTo(x - size, oldY)
  context.lineTo(x + size, oldY)
  context.stroke()
  context.restore()
}

/** A strip on the axis, as high as the part that is missing; high enough to be seen when that is little. */
function markIncomplete(pen: Pen, entries: readonly (Entry | undefined)[]): void {
  const { bbox } = pen.plot
  const bottom = bbox.top + bbox.height
  for (const entry of entries) {
    if (!entry || !isIncomplete(entry)) continue
    const missing = 1 - (entry.row.completeness ?? 1)
    const height = Math.max(3, missing * STRIP_HEIGHT) * pen.ratio
    hatch(pen, xAt(pen, entry.row.startMs), bottom - height, xAt(pen, entry.row.endMs), bottom, pen.theme.warning, 3)
  }
}

/** A dotted line along the axis under windows that were computed from history. */
function markImported(pen: Pen, entries: readonly (Entry | undefined)[]): void {
  const { context, plot, theme, ratio } = pen
  const y = plot.bbox.top + plot.bbox.height - 1.5 * ratio
  context.save()
  context.beginPath()
  for (const entry of entries) {
    if (!entry || entry.row.source === 'live') continue
    context.moveTo(xAt(pen, entry.row.startMs), y)
    context.lineTo(xAt(pen, entry.row.endMs), y)
  }
  context.strokeStyle = theme.axis
  context.lineWidth = 1.5 * ratio
  context.setLineDash([1.5 * ratio, 2.5 * ratio])
  context.stroke()
  context.restore()
}
