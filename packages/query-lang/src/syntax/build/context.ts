import type { CstNode, IToken } from 'chevrotain'
import type { DiagnosticCode, DiagnosticList } from '../../diagnostics.ts'
import { type LineIndex, NO_SPAN, type Span } from '../../span.ts'
import { extentOf } from '../cst.ts'
import { tokenEnd } from '../tokens.ts'

/** What building the tree of one statement needs throughout: places in the text, and where problems go. */
export class BuildContext {
  readonly #lines: LineIndex
  readonly #diagnostics: DiagnosticList

  constructor(lines: LineIndex, diagnostics: DiagnosticList) {
    this.#lines = lines
    this.#diagnostics = diagnostics
  }

  stretch(start: number, end: number): Span {
    return this.#lines.span(start, end)
  }

  tokenSpan(token: IToken): Span {
    return this.stretch(token.startOffset, tokenEnd(token))
  }

  span(cst: CstNode): Span {
    const extent = extentOf(cst)
    return extent === undefined ? NO_SPAN : this.stretch(extent.first.startOffset, tokenEnd(extent.last))
  }

  error(code: DiagnosticCode, span: Span, message: string, hint?: string): undefined {
    this.#diagnostics.error(code, span, message, hint)
  }

  notAvailable(span: Span, what: string, hint: string): undefined {
    this.error('NOT_AVAILABLE', span, `${what} not available yet`, hint)
  }

  /** The first of the clauses; each further one is an error. */
  once(clauses: readonly CstNode[], name: string): CstNode | undefined {
    for (const again of clauses.slice(1))
      this.error('REPEATED_CLAUSE', this.span(again), `${name} stands twice`, `${name} may stand once: merge the two`)
    return clauses[0]
  }
}

export function present<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined)
}
