/**
 * Scanners for the words a regular expression describes badly. Each looks at the text from `at` and gives where
 * the word ends, or `at` when there is none. All are linear in what they accept, and refuse after a bounded look.
 */

const MAX_CLASS_LENGTH = 64
const MAX_BRACES_LENGTH = 256

const WORD = /[A-Za-z0-9_]/

/** By code unit, for those below 128: regular expressions would cost most of the scan. */
const IS_NAME_START = Array.from({ length: 128 }, (_, unit) => /[A-Za-z0-9_:*?]/.test(String.fromCharCode(unit)))
const IS_SPACE = Array.from({ length: 128 }, (_, unit) => /\s/.test(String.fromCharCode(unit)))

function isSpace(text: string, at: number): boolean {
  return IS_SPACE[text.charCodeAt(at)] ?? /\s/.test(text[at] as string)
}

/** `[..]`, 1 to 64 characters without white space inside. */
function scanClass(text: string, at: number): number {
  const limit = Math.min(text.length, at + MAX_CLASS_LENGTH + 2)
  for (let i = at + 1; i < limit; i++) {
    if (text[i] === ']') return i > at + 1 ? i + 1 : at
    if (isSpace(text, i)) return at
  }
  return at
}

/** `{..}`, 1 to 256 characters without white space inside, with nested braces and classes. */
function scanBraces(text: string, at: number): number {
  const limit = Math.min(text.length, at + MAX_BRACES_LENGTH + 2)
  let depth = 0
  for (let i = at; i < limit; i++) {
    const character = text[i] as string
    if (character === '{') depth += 1
    else if (character === '}') {
      depth -= 1
      if (depth === 0) return i > at + 1 ? i + 1 : at
    } else if (character === '[') {
      const end = scanClass(text, i)
      if (end === i) return at
      i = end - 1
    } else if (isSpace(text, i)) return at
  }
  return at
}

/** One piece of a name: a character, a class or braces. */
function scanPiece(text: string, at: number): number {
  if (IS_NAME_START[text.charCodeAt(at)] === true) return at + 1
  if (text[at] === '[') return scanClass(text, at)
  return text[at] === '{' ? scanBraces(text, at) : at
}

/**
 * A name of the name mode: pieces, with any number of `.` and `-` between them. It does not end in one: `a-- note`
 * is the name `a` and a comment, and a name reads the same whatever follows it.
 */
export function scanName(text: string, at: number): number {
  let end = at
  for (;;) {
    let next = end
    if (end > at) while (text[next] === '.' || text[next] === '-') next += 1
    const pieceEnd = scanPiece(text, next)
    if (pieceEnd === next) return end
    end = pieceEnd
  }
}

const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const DURATION = /(?:\d+(?:ms|mo|[smhdwy]))+/y
const REST_OF_WORD = /[A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*/y

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** Everything that begins with a digit in expression mode: a number, a duration, or a word that is neither. */
export function scanNumeric(text: string, at: number): { kind: 'number' | 'duration' | 'bad'; end: number } {
  for (const [kind, pattern] of [['number', NUMBER] as const, ['duration', DURATION] as const]) {
    const end = matchAt(pattern, text, at)
    const runsOn = WORD.test(text[end] ?? '') || (text[end] === '.' && WORD.test(text[end + 1] ?? ''))
    if (end > at && !runsOn) return { kind, end }
  }
  return { kind: 'bad', end: matchAt(REST_OF_WORD, text, at) }
}

/** A quoted string or a `/regex/` on one line; `closed` is false when the line ends first. */
export function scanQuoted(text: string, at: number): { closed: boolean; end: number } {
  const quote = text[at]
  for (let i = at + 1; i < text.length; i++) {
    const character = text[i]
    if (character === '\n' || character === '\r') return { closed: false, end: i }
    if (character === quote) return { closed: true, end: i + 1 }
    if (character === '\\' && text[i + 1] !== '\n' && text[i + 1] !== '\r') i += 1
  }
  return { closed: false, end: text.length }
}
