import { readScriptTime, TIME_PATTERN } from './script-time.ts'

/** A line of a script without its indentation and its comment. */
export interface ScriptLine {
  readonly number: number
  readonly indent: number
  readonly text: string
}

/** Something in the script that does not follow the format; turned into a `ScriptProblem` where it is caught. */
export class ScriptSyntaxError extends Error {
  readonly line: number
  readonly column: number

  constructor(line: number, column: number, message: string) {
    super(message)
    this.name = 'ScriptSyntaxError'
    this.line = line
    this.column = column
  }
}

export const NUMBER_PATTERN: RegExp = /[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf(?:inity)?)(?!\w)/y

export function readNumber(text: string): number {
  return Number(text.replace(/Inf(?:inity)?/, 'Infinity'))
}

/** Reads one line from left to right; white space between its parts is free. */
export class Cursor {
  readonly #line: ScriptLine
  #at = 0
  /** Where what was taken last begins. */
  #takenAt = 0

  constructor(line: ScriptLine) {
    this.#line = line
    this.#skipSpace()
  }

  get atEnd(): boolean {
    return this.#at === this.#line.text.length
  }

  get line(): number {
    return this.#line.number
  }

  /** What is wrong at the place reached. */
  problem(message: string): ScriptSyntaxError {
    return new ScriptSyntaxError(this.#line.number, this.#line.indent + this.#at + 1, message)
  }

  /** What is wrong with the text taken last. */
  problemWithTaken(message: string): ScriptSyntaxError {
    return new ScriptSyntaxError(this.#line.number, this.#line.indent + this.#takenAt + 1, message)
  }

  /** The text that a sticky pattern matches here, if it does. */
  takeIf(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#line.text)
    if (match === null) return undefined
    this.#takenAt = this.#at
    this.#at += match[0].length
    this.#skipSpace()
    return match[0]
  }

  take(pattern: RegExp, what: string): string {
    const text = this.takeIf(pattern)
    if (text === undefined) throw this.#missing(what)
    return text
  }

  /** A sign, such as `:`, whether or not something follows at once. */
  skipIf(sign: string): boolean {
    if (!this.#line.text.startsWith(sign, this.#at)) return false
    this.#at += sign.length
    this.#skipSpace()
    return true
  }

  skip(sign: string): void {
    if (!this.skipIf(sign)) throw this.#missing(`${sign}`)
  }

  /** A word of the format, whole. */
  wordIf(word: string): boolean {
    const { text } = this.#line
    if (!text.startsWith(word, this.#at) || /[\w.-]/.test(text[this.#at + word.length] ?? ' ')) return false
    return this.skipIf(word)
  }

  /** A name: of a query, a metric, a server, a source. Quoted where it holds white space or signs. */
  name(what: string): string {
    return this.quotedIf() ?? this.take(/[\w*/][\w.:/*-]*(?<!:)/y, what)
  }

  quotedIf(): string | undefined {
    const quoted = this.takeIf(/"(?:[^"\\]|\\.)*"/y)
    if (quoted === undefined) return undefined
    try {
      return JSON.parse(quoted) as string
    } catch {
      throw this.problemWithTaken(`${quoted} holds an unknown escape`)
    }
  }

  quoted(what: string): string {
    const text = this.quotedIf()
    if (text === undefined) throw this.#missing(`${what} in double quotes`)
    return text
  }

  /** Ms since the script's epoch, or a length in ms. */
  time(what: string): number {
    return readScriptTime(this.take(TIME_PATTERN, `${what}, for example 10s or -1m30s`))
  }

  length(what: string): number {
    const ms = this.time(what)
    if (!(ms > 0)) throw this.problemWithTaken(`${what} is longer than nothing`)
    return ms
  }

  number(what: string): number {
    return readNumber(this.take(NUMBER_PATTERN, what))
  }

  wholeNumber(what: string): number {
    return Number(this.take(/\d+(?![\w.])/y, what))
  }

  /** Everything that is left; at least something. */
  text(what: string): string {
    if (this.atEnd) throw this.#missing(what)
    return this.rest()
  }

  /** Everything that is left. */
  rest(): string {
    const text = this.#line.text.slice(this.#at)
    this.#at = this.#line.text.length
    return text
  }

  end(): void {
    if (!this.atEnd) throw this.problem(`expected nothing more, not ${this.#shown()}`)
  }

  #missing(what: string): ScriptSyntaxError {
    return this.problem(`expected ${what}, not ${this.atEnd ? 'the end of the line' : this.#shown()}`)
  }

  #shown(): string {
    return /\S+/.exec(this.#line.text.slice(this.#at))?.[0] ?? ''
  }

  #skipSpace(): void {
    while (this.#line.text[this.#at] === ' ') this.#at++
  }
}
