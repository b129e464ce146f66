import type { Diagnostic } from './diagnostics.ts'

/** Longest piece of a source line that is shown, in UTF-16 units. */
const MAX_SHOWN = 120

/**
 * Diagnostics as people read them: message, the line, carets under the place, hint.
 *
 * ```
 * error[SYNTAX] 1:24: expected COMPUTE, found the end of the query
 *   FROM a SELECT b WINDOW 5s
 *                            ^
 * ```
 */
export function renderDiagnostics(text: string, diagnostics: readonly Diagnostic[]): string {
  const lines = text.split(/\r\n?|\n/)
  return diagnostics.map((diagnostic) => renderOne(lines[diagnostic.line - 1] ?? '', diagnostic)).join('\n')
}

function renderOne(line: string, diagnostic: Diagnostic): string {
  const at = diagnostic.column - 1
  const from = Math.max(0, Math.min(at - MAX_SHOWN / 2, line.length - MAX_SHOWN))
  const shown = line.slice(from, from + MAX_SHOWN)
  const length = Math.max(1, Math.min(diagnostic.end - diagnostic.start, from + shown.length - at))
  // Tabs are kept, so that the carets stand under the place however wide a tab is shown.
  const indent = line.slice(from, at).replace(/[^\t]/g, ' ')
  const rendered = [
    `${diagnostic.severity}[${diagnostic.code}] ${diagnostic.line}:${diagnostic.column}: ${diagnostic.message}`,
    `  ${shown}`,
    `  ${indent}${'^'.repeat(length)}`,
  ]
  if (diagnostic.hint !== undefined) rendered.push(`  hint: ${diagnostic.hint}`)
  return rendered.join('\n')
}
