import type { WindowResult } from '../../src/index.ts'

/** One window of one group, as it should be. */
export interface Cell {
  readonly group: string
  readonly endMs: number
  readonly values: number[]
  readonly series: Set<number>
  /** Samples that came after the watermark had passed the end. */
  late: number
  last: WindowResult | undefined
}

/** The windows of a query with what has still to be said of them. */
export class WindowCells {
  /** Cells without a row. */
  readonly silent: Set<Cell> = new Set()
  /** Cells with samples that came after their last row. */
  readonly stale: Set<Cell> = new Set()
  /** By end: windows of which it was not yet looked at what they show when they are final. */
  readonly unjudged: Map<number, Cell[]> = new Map()
  readonly #cells = new Map<string, Cell>()

  get size(): number {
    return this.#cells.size
  }

  get(endMs: number, group: string): Cell | undefined {
    return this.#cells.get(`${endMs}|${group}`)
  }

  /** A new one, of which nothing is to be said yet. */
  add(endMs: number, group: string): Cell {
    const cell: Cell = { group, endMs, values: [], series: new Set(), late: 0, last: undefined }
    this.#cells.set(`${endMs}|${group}`, cell)
    return cell
  }

  /** Has it looked at what the window of the cell shows in the end. */
  judgeLater(cell: Cell): void {
    const cells = this.unjudged.get(cell.endMs) ?? []
    this.unjudged.set(cell.endMs, cells)
    cells.push(cell)
  }

  /** Nothing more has to be said of it. */
  settle(cell: Cell): void {
    this.stale.delete(cell)
    this.silent.delete(cell)
  }

  /** Nothing more has to be said of windows for which `isOwed` is false. */
  release(isOwed: (endMs: number) => boolean): void {
    for (const cells of [this.silent, this.stale]) for (const cell of cells) if (!isOwed(cell.endMs)) cells.delete(cell)
  }

  copy(): WindowCells {
    const copy = new WindowCells()
    for (const [key, cell] of this.#cells) {
      const own = { ...cell, values: [...cell.values], series: new Set(cell.series) }
      copy.#cells.set(key, own)
      if (this.silent.has(cell)) copy.silent.add(own)
      if (this.stale.has(cell)) copy.stale.add(own)
    }
    for (const cells of this.unjudged.values())
      for (const { endMs, group } of cells) copy.judgeLater(copy.get(endMs, group)!)
    return copy
  }
}
