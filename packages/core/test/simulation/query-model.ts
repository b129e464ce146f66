import type { WindowResult } from '../../src/index.ts'
import { Counts } from './counts.ts'
import { groupKey, said } from './row-words.ts'
import type { QuerySpec } from './scenario.ts'
import { holdShown, shownGroups } from './shown.ts'
import { hold } from './violation.ts'
import { type Cell, WindowCells } from './window-cells.ts'
import { endsOf, firstStartFrom, isWindow, lastStartAt } from './window-times.ts'

const USUAL_LATENESS_MS = 10_000

/** A sample the engine took; `series` by its number in the scenario. */
export interface AcceptedSample {
  readonly series: number
  readonly timeMs: number
  readonly value: number
  /** NaN, or a gap its sender reported: in no window. */
  readonly isExcluded: boolean
  /** Taken again when it was forgotten: a run over what is stored leaves it out. */
  readonly isRepeat: boolean
}

/** As a query with its groups sees it. */
export interface SeenSample extends AcceptedSample {
  readonly group: string
}

/** What the engine said of itself just before a call. */
export interface Line {
  readonly watermarkMs: number
  readonly finalThroughMs: number
}

/** How a life begins. */
export interface Beginning {
  readonly line: Line
  readonly coversFromMs: number
  /** There were rows of this version before. */
  readonly wasPaused: boolean
  /** Accepted samples of before that the query would have read. */
  readonly before: readonly SeenSample[]
}

/**
 * One life of a stored query, from the moment it was added, altered or resumed to the moment that ended. It takes every
 * accepted sample, puts it into the windows it belongs to by arithmetic of its own, and holds every row against them.
 */
export class QueryModel {
  #spec: QuerySpec
  /** Whatever came too late was to be mended, from the beginning on. */
  #isMended: boolean
  readonly name: string
  readonly version: number
  readonly counts: Counts
  readonly #beginning: Beginning
  readonly #cells: WindowCells
  /** Windows that end later are shown by the rules of now alone. */
  #ruledAfterMs = Number.NEGATIVE_INFINITY
  /** Windows that end at or before this were over when the query came. */
  readonly #addedAtMs: number
  #emittedThroughMs: number
  #ownsFromMs = Number.NEGATIVE_INFINITY
  #ownsUntilMs = Number.POSITIVE_INFINITY
  /** Of a version that is not the newest nobody says how far it is: reckoned here. */
  #ownFinalMs = Number.NEGATIVE_INFINITY
  #coversFromMs: number
  /** Windows that start before this may share panes with samples of before, and then there is no row to make of them. */
  readonly #blurredBeforeMs: number
  /** Samples of before: a window that is not partial must not hold one, a partial one may. */
  readonly #before: readonly SeenSample[]
  #lastFirstEndMs = Number.NEGATIVE_INFINITY

  constructor(name: string, version: number, spec: QuerySpec, beginning: Beginning, held: Held = nothingHeld()) {
    const { line, coversFromMs, before } = beginning
    this.counts = held.counts
    this.#cells = held.cells
    this.#beginning = beginning
    this.name = name
    this.version = version
    this.#spec = spec
    this.#isMended = spec.late === 'repair'
    this.#addedAtMs = line.watermarkMs
    this.#emittedThroughMs = line.watermarkMs - this.#emitAfterMs
    this.#coversFromMs = coversFromMs
    this.#blurredBeforeMs = before.length > 0 ? coversFromMs : Number.NEGATIVE_INFINITY
    this.#before = before
    const missed = before.find((sample) => !sample.isExcluded && sample.timeMs >= coversFromMs)
    hold('covers', missed === undefined, () => `${name} covers from ${coversFromMs}, but missed ${missed?.timeMs}`)
  }

  get spec(): QuerySpec {
    return this.#spec
  }

  /** Changes what is shown and when, never what the windows are. */
  alter(spec: QuerySpec): void {
    const before = this.#spec
    this.#spec = spec
    if (spec.late !== 'repair') this.#isMended = false
    if (JSON.stringify(spec.show) === JSON.stringify(before.show)) return
    this.forgetRules()
    this.#cells.release(() => false)
  }

  /** Windows that are out already go by the rules of now only when something in them changes. */
  forgetRules(): void {
    this.#ruledAfterMs = this.#emittedThroughMs
  }

  /** Whether the window is to hold all samples in the end, however late they come. */
  owes(startMs: number, endMs: number): boolean {
    return this.#isMended && startMs >= this.#coversFromMs && this.#owns(endMs)
  }

  /** Whether a row can be of an earlier life of this version, before a pause. */
  isEarlier(startMs: number): boolean {
    return this.#beginning.wasPaused && startMs < this.#beginning.coversFromMs
  }

  get isMended(): boolean {
    return this.#isMended
  }

  /** As it is now, to go on from later. */
  copy(): QueryModel {
    const held = { counts: this.counts.copy(), cells: this.#cells.copy() }
    const copy = new QueryModel(this.name, this.version, this.spec, this.#beginning, held)
    copy.#ruledAfterMs = this.#ruledAfterMs
    copy.#isMended = this.#isMended
    copy.#emittedThroughMs = this.#emittedThroughMs
    copy.#ownsFromMs = this.#ownsFromMs
    copy.#ownsUntilMs = this.#ownsUntilMs
    copy.#ownFinalMs = this.#ownFinalMs
    copy.#coversFromMs = this.#coversFromMs
    copy.#lastFirstEndMs = this.#lastFirstEndMs
    return copy
  }

  /** Samples of before `untilMs` may be missing from now on. */
  noteGap(untilMs: number): void {
    this.#coversFromMs = Math.max(this.#coversFromMs, untilMs)
  }

  /** Leaves the windows before its first whole one to the version before; returns where that one starts. */
  succeed(): number {
    // A window that is over is the version's that could still tell of it.
    const afterMs = this.#addedAtMs - this.spec.window.sizeMs + 1
    this.#ownsFromMs = Math.max(firstStartFrom(this.spec, this.#coversFromMs), firstStartFrom(this.spec, afterMs))
    return this.#ownsFromMs
  }

  /** Only finishes what starts before `untilMs`; the first time, `line` is how far it was. */
  retire(untilMs: number, { finalThroughMs }: Line): void {
    if (!this.isRetired) this.#ownFinalMs = finalThroughMs
    this.#ownsUntilMs = Math.min(this.#ownsUntilMs, untilMs)
    this.#cells.release((endMs) => this.#owns(endMs))
  }

  get isRetired(): boolean {
    return this.#ownsUntilMs !== Number.POSITIVE_INFINITY
  }

  /** Everything it still had to say is said. */
  get isDone(): boolean {
    return this.#ownFinalMs >= lastStartAt(this.spec, this.#ownsUntilMs - 1) + this.spec.window.sizeMs
  }

  /** A sample was accepted while the line stood here. */
  take(sample: SeenSample, line: Line): void {
    const { counts } = this
    const finalThroughMs = this.#finalMs(line)
    counts.matched++
    if (sample.isExcluded) {
      counts.excluded++
      return
    }
    const ends = endsOf(this.spec, sample.timeMs)
    const firstEndMs = ends[ends.length - 1]!
    if (firstEndMs <= finalThroughMs) counts.tooLate++
    else if (firstEndMs <= this.#emittedThroughMs && (this.#owns(firstEndMs) || this.#owns(ends[0]!)))
      counts.lateApplied++
    else counts.applied++
    for (const endMs of ends) {
      if (endMs <= finalThroughMs) break
      if (!this.#owns(endMs)) continue
      const cell = this.#cell(endMs, sample.group)
      cell.values.push(sample.value)
      cell.series.add(sample.series)
      if (endMs <= this.#emittedThroughMs) cell.late++
      if (this.#isClear(endMs) && this.spec.show === undefined) this.#cells.stale.add(cell)
    }
  }

  /** A row came out that was computed anew. */
  repairedRow(row: WindowResult, { finalThroughMs }: Line): void {
    const where = `${this.name} v${row.queryVersion} [${row.startMs}, ${row.endMs}) ${groupKey(row)}`
    hold('alignment', isWindow(this.spec, row.startMs, row.endMs), () => `${where} is no window of the query`)
    hold('ownership', this.#owns(row.endMs), () => `${where} is another version's`)
    hold(
      'ownership',
      row.endMs > this.#beginning.coversFromMs,
      () => `${where} was over when the query came (${this.#beginning.coversFromMs})`,
    )
    hold(
      'repair-live',
      row.endMs <= (this.isRetired ? Math.max(this.#ownFinalMs, finalThroughMs) : finalThroughMs),
      () => `${where} was repaired while live`,
    )
  }

  /** A row came out. `before`: where the line stood before the call that made it; `nowMarkMs`: the watermark now. */
  row(row: WindowResult, before: Line, nowMarkMs: number): void {
    const { name, spec, version } = this
    const where = `${name} v${row.queryVersion} [${row.startMs}, ${row.endMs}) ${JSON.stringify(row.group)}`
    hold('ownership', row.queryVersion === version, () => `${where} is of version ${row.queryVersion}, not ${version}`)
    hold('alignment', isWindow(this.spec, row.startMs, row.endMs), () => `${where} is no window of the query`)
    hold('ownership', row.endMs > this.#addedAtMs, () => `${where} was over when the query came (${this.#addedAtMs})`)
    hold('ownership', this.#owns(row.endMs), () => `${where} is another version's`)
    const dueMs = Math.max(this.#emittedThroughMs, nowMarkMs - this.#emitAfterMs)
    const isEarly = row.early === true
    if (row.retracted !== true)
      hold('early', isEarly === row.endMs > dueMs, () => `${where} (early: ${isEarly}) at the watermark ${nowMarkMs}`)
    hold('early', !isEarly || spec.emit === 'every' || row.retracted === true, () => `${where} is early`)
    const finalMs = this.#finalMs(before)
    hold('final', row.endMs > finalMs, () => `${where} changed after ${finalMs} was final`)
    const isPartial = row.startMs < this.#coversFromMs
    hold(
      'partial',
      row.partial === isPartial || row.retracted === true,
      () => `${where} says partial: ${row.partial}; covers from ${this.#coversFromMs}`,
    )
    const cell = this.#cells.get(row.endMs, groupKey(row))
    if (cell === undefined) {
      hold('phantom', isPartial && this.#wasThere(row) > 0, () => `${where} came from nowhere`)
      return
    }
    if (row.retracted === true) {
      this.#holdRetraction(where, row, cell)
      return
    }
    if (isPartial) this.#holdPartial(where, row, cell)
    else {
      holdShown('values', row, spec, cell.values)
      hold(
        'seen',
        row.seriesSeen === cell.series.size,
        () => `${where} saw ${row.seriesSeen} of ${cell.series.size} series`,
      )
    }
    hold('late', row.lateApplied === cell.late, () => `${where} says ${row.lateApplied} late, not ${cell.late}`)
    hold(
      'completeness',
      row.completeness !== null && row.completeness >= 0 && row.completeness <= 1,
      () => `${where} is ${row.completeness} complete`,
    )
    this.#holdSequence(where, row, cell)
    cell.last = row
    if (isEarly) return
    this.#cells.settle(cell)
  }

  /** After the clock moved: what is due is out, and what is final is told. */
  tick(line: Line): void {
    const { watermarkMs } = line
    this.#emittedThroughMs = Math.max(this.#emittedThroughMs, watermarkMs - this.#emitAfterMs)
    if (this.isRetired) this.#ownFinalMs = Math.max(this.#ownFinalMs, watermarkMs - this.#latenessMs)
    const finalThroughMs = this.#finalMs(line)
    for (const cell of this.#cells.silent)
      if (cell.endMs <= this.#emittedThroughMs && (cell.late === 0 || cell.endMs <= finalThroughMs))
        hold(
          'silence',
          false,
          () => `${this.name}: no row of the window that ended at ${cell.endMs}; watermark ${watermarkMs}`,
        )
    this.#judge(finalThroughMs)
    for (const cell of this.#cells.stale)
      hold(
        'unsaid',
        cell.endMs > finalThroughMs,
        () => `${this.name}: ${cell.endMs} is final, and its last sample was not told`,
      )
  }

  /** What final windows show is what the rules make of all of their groups. */
  #judge(finalThroughMs: number): void {
    for (const [endMs, cells] of this.#cells.unjudged) {
      if (endMs > finalThroughMs) continue
      this.#cells.unjudged.delete(endMs)
      if (this.spec.show === undefined || endMs <= this.#ruledAfterMs || !this.#owns(endMs)) continue
      const wanted = shownGroups(this.spec, new Map(cells.map(({ group, values }) => [group, values])))
      for (const { group, last } of cells) {
        const isShown = last !== undefined && last.retracted !== true
        hold(
          'shown',
          isShown === wanted.has(group),
          () => `${this.name}: ${group} of the window that ended at ${endMs} is ${isShown ? '' : 'not '}shown`,
        )
      }
    }
  }

  get windows(): number {
    return this.#cells.size
  }

  /** Revisions rise, no row is said twice, and windows come in the order of their ends. */
  #holdSequence(where: string, row: WindowResult, cell: Cell): void {
    const { last } = cell
    if (last !== undefined) {
      hold(
        'revision',
        row.revision > last.revision,
        () => `${where} has revision ${row.revision} after ${last.revision}`,
      )
      hold('repeat', said(row) !== said(last), () => `${where} was said twice: ${said(row)}`)
      return
    }
    if (row.endMs <= this.#emittedThroughMs || row.early === true) return
    hold(
      'order',
      row.endMs >= this.#lastFirstEndMs,
      () => `${where} came after a window that ended at ${this.#lastFirstEndMs}`,
    )
    this.#lastFirstEndMs = row.endMs
  }

  /** Only what is shown is taken back, as it was. */
  #holdRetraction(where: string, row: WindowResult, cell: Cell): void {
    const { last } = cell
    hold('retraction', this.spec.show !== undefined, () => `${where} was taken back`)
    // Of samples of before alone there was a row without a cell.
    const wasShown = last === undefined ? row.partial : last.retracted !== true
    hold('retraction', wasShown, () => `${where} was taken back and not shown`)
    hold('revision', row.revision > (last?.revision ?? 0), () => `${where} was taken back at ${row.revision}`)
    cell.last = row
  }

  /** No sample of before can be in the window. */
  #isClear(endMs: number): boolean {
    return endMs - this.spec.window.sizeMs >= this.#blurredBeforeMs
  }

  /** Whether the rules of now were those of all windows. */
  get hasSameRules(): boolean {
    return this.#ruledAfterMs === Number.NEGATIVE_INFINITY
  }

  /** A partial window holds what came since the query covers, and at most everything. */
  #holdPartial(where: string, row: WindowResult, cell: Cell): void {
    const most = cell.values.length + this.#wasThere(row)
    hold('values-partial', row.count <= most, () => `${where} is partial and counts ${row.count} of ${most}`)
  }

  get #latenessMs(): number {
    return this.spec.latenessMs ?? USUAL_LATENESS_MS
  }

  /** How far the watermark has to be past the end of a window for its first row. */
  get #emitAfterMs(): number {
    return this.spec.emit === 'final' ? this.#latenessMs : 0
  }

  #finalMs({ finalThroughMs }: Line): number {
    return this.isRetired ? this.#ownFinalMs : finalThroughMs
  }

  #owns(endMs: number): boolean {
    const startMs = endMs - this.spec.window.sizeMs
    return startMs >= this.#ownsFromMs && startMs < this.#ownsUntilMs
  }

  #wasThere(row: WindowResult): number {
    const group = groupKey(row)
    return this.#before.filter(
      (sample) =>
        !sample.isExcluded && sample.group === group && sample.timeMs >= row.startMs && sample.timeMs < row.endMs,
    ).length
  }

  #cell(endMs: number, group: string): Cell {
    const known = this.#cells.get(endMs, group)
    if (known !== undefined) return known
    const cell = this.#cells.add(endMs, group)
    if (!this.#isClear(endMs)) return cell
    if (this.spec.show === undefined) this.#cells.silent.add(cell)
    this.#cells.judgeLater(cell)
    return cell
  }
}

/** What a life has gathered so far. */
interface Held {
  readonly counts: Counts
  readonly cells: WindowCells
}

function nothingHeld(): Held {
  return { counts: new Counts(), cells: new WindowCells() }
}
