/** A stretch of source text. Offsets are UTF-16 units; `line` and `column` are those of `start`, counted from 1. */
export interface Span {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly line: number
  readonly column: number
}

/** For nodes made by a program rather than read from text. */
export const NO_SPAN: Span = { start: 0, end: 0, line: 1, column: 1 }

/** Finds line and column of an offset. Lines end with `\n`, `\r\n` or a single `\r`. */
export class LineIndex {
  readonly #starts: number[] = [0]

  constructor(text: string) {
    for (const ending of text.matchAll(/\r\n?|\n/g)) this.#starts.push(ending.index + ending[0].length)
  }

  span(start: number, end: number): Span {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#starts[middle] as number) <= start) low = middle
      else high = middle - 1
    }
    return { start, end, line: low + 1, column: start - (this.#starts[low] as number) + 1 }
  }
}

/** The span from the start of one to the end of another. */
export function spanning(first: Span, last: Span): Span {
  return { ...first, end: last.end }
}
