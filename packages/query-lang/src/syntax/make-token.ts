import { createToken, Lexer, type TokenType } from 'chevrotain'

/** Adapts a scanner that tells where a word ends. */
export function scanned(
  scan: (text: string, at: number) => number,
): (text: string, at: number) => RegExpExecArray | null {
  return (text, at) => {
    const end = scan(text, at)
    return end > at ? ([text.slice(at, end)] as unknown as RegExpExecArray) : null
  }
}

interface CustomOptions {
  readonly name: string
  readonly label: string
  readonly starts: (string | number)[]
  readonly scan: (text: string, at: number) => number
  readonly lineBreaks?: boolean
  readonly skipped?: boolean
  readonly pops?: boolean
  readonly categories?: TokenType[]
}

/** A token that a scanner of ours finds, not a regular expression. */
export function custom(options: CustomOptions): TokenType {
  return createToken({
    name: options.name,
    label: options.label,
    pattern: scanned(options.scan),
    start_chars_hint: options.starts,
    line_breaks: options.lineBreaks ?? false,
    ...(options.skipped === true ? { group: Lexer.SKIPPED } : {}),
    ...(options.pops === true ? { pop_mode: true } : {}),
    ...(options.categories === undefined ? {} : { categories: options.categories }),
  })
}

/** A type that no text is of itself: other types belong to it. */
export function category(name: string, label: string): TokenType {
  return createToken({ name, label, pattern: Lexer.NA })
}

export function sign(name: string, text: string, categories: TokenType[] = []): TokenType {
  return createToken({ name, label: `\`${text}\``, pattern: text, categories })
}

interface KeywordOptions {
  /** What the lexer takes instead when that is longer. */
  readonly longer: TokenType
  readonly name?: string
  readonly categories?: TokenType[]
  readonly push?: string
  readonly pops?: boolean
}

/** A word, in upper or lower case. */
export function keyword(word: string, options: KeywordOptions): TokenType {
  return createToken({
    name: options.name ?? word,
    label: word,
    pattern: new RegExp(word, 'i'),
    longer_alt: options.longer,
    ...(options.categories === undefined ? {} : { categories: options.categories }),
    ...(options.push === undefined ? {} : { push_mode: options.push }),
    ...(options.pops === true ? { pop_mode: true } : {}),
  })
}
