import { type ScriptLine, ScriptSyntaxError } from './cursor.ts'

/** A line and the deeper lines under it. */
export interface Block {
  readonly head: ScriptLine
  readonly body: readonly ScriptLine[]
}

/** Lines that say something: comments and blank lines left out. */
export function scriptLines(text: string): ScriptLine[] {
  const lines: ScriptLine[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const whole = withoutComment(raw).trimEnd()
    const content = whole.trimStart()
    if (content === '') continue
    const indent = whole.length - content.length
    const tab = whole.indexOf('\t')
    if (tab >= 0) throw new ScriptSyntaxError(index + 1, tab + 1, 'a tab; scripts are written with spaces')
    lines.push({ number: index + 1, indent, text: content })
  }
  return lines
}

/** Groups lines under those that are indented as the first one is. */
export function blocksOf(lines: readonly ScriptLine[]): Block[] {
  const indent = lines[0]?.indent ?? 0
  const blocks: { head: ScriptLine; body: ScriptLine[] }[] = []
  for (const line of lines) {
    const last = blocks.at(-1)
    if (line.indent < indent)
      throw new ScriptSyntaxError(
        line.number,
        line.indent + 1,
        `indented by ${line.indent}, the lines before by ${indent}`,
      )
    if (line.indent === indent || last === undefined) blocks.push({ head: line, body: [] })
    else last.body.push(line)
  }
  return blocks
}

/** A `#` at the beginning of a line or after white space begins a comment, unless it stands in double quotes. */
function withoutComment(line: string): string {
  let quoted = false
  for (let at = 0; at < line.length; at++) {
    const char = line[at]
    if (quoted && char === '\\') at++
    else if (char === '"') quoted = !quoted
    else if (char === '#' && !quoted && /\s/.test(line[at - 1] ?? ' ')) return line.slice(0, at)
  }
  return line
}
