import { RESERVED_IN_EXPRESSIONS, RESERVED_IN_NAMES } from './syntax/keywords.ts'
import { scanName } from './syntax/scan.ts'

/** Words of the topology that this version knows; `node` is another word for `server`. */
const TOPOLOGY: Readonly<Record<string, string>> = { server: 'server', node: 'server' }
/** Words that will be topology: they are no plain label names either, or queries would change their meaning. */
const LATER_TOPOLOGY: ReadonlySet<string> = new Set(['tier', 'app', 'zone'])

export function topologyOf(word: string): string | undefined {
  return Object.hasOwn(TOPOLOGY, word) ? TOPOLOGY[word] : undefined
}

export function isLaterTopology(word: string): boolean {
  return LATER_TOPOLOGY.has(word)
}

/** Whether unquoted text in name mode is a glob rather than a literal name. */
export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text)
}

/** Whether name mode reads `text` back as one literal name without quotes. */
export function isPlainName(text: string): boolean {
  return isNameWord(text) && !isGlob(text)
}

/** Whether name mode reads `text` as one name, a glob or a literal. */
export function isNameWord(text: string): boolean {
  return text !== '' && scanName(text, 0) === text.length && !RESERVED_IN_NAMES.has(text.toUpperCase())
}

const IDENT = /^[A-Za-z_][A-Za-z0-9_]*$/
const DOTTED_NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+$/

export function isIdent(text: string): boolean {
  return IDENT.test(text) && !RESERVED_IN_EXPRESSIONS.has(text.toUpperCase())
}

/** Whether GROUP BY reads `text` back as a label without quotes. */
export function isPlainLabel(text: string): boolean {
  if (DOTTED_NAME.test(text)) return true
  return isIdent(text) && topologyOf(text) === undefined && !isLaterTopology(text)
}
