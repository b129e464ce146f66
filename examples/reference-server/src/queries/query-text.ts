import type { Engine, QueryPlan } from '@windrow/core'
import {
  type Catalog,
  type CompiledStatement,
  compileStatement,
  compileText,
  type Diagnostic,
  parse,
  QueryError,
  type Statement,
} from '@windrow/query-lang'
import { TENANT } from '../tenant.ts'

/** The query language as this server speaks it: with its catalog and its floor for windows. */
export interface QueryText {
  /** Plan of a text to be stored. Throws `QueryError`. */
  compileStored(text: string): QueryPlan
  /** Plan of a text that was stored before: what is known of metrics may have changed since, which the engine watches. */
  compileRestored(text: string): QueryPlan
  /** The one statement of a text, and what there is to say about it. Throws `QueryError`. */
  compileOne(text: string): { readonly compiled: CompiledStatement; readonly diagnostics: readonly Diagnostic[] }
  /** Everything there is to say about a text, for an editor. */
  diagnose(text: string, options: { readonly stored: boolean }): Diagnostic[]
}

export function createQueryText(engine: Engine, minWindowMs: number): QueryText {
  const catalog: Catalog = {
    metric: (name) => engine.metric(name, { tenant: TENANT }),
    metricNames: () => engine.metrics({ tenant: TENANT }).map((info) => info.metric),
    serverNames: () => engine.servers({ tenant: TENANT }),
  }
  return {
    compileStored: (text) => compileText(text, { catalog, minWindowMs, stored: true }),
    compileRestored: (text) => compileText(text, { minWindowMs, stored: true }),
    compileOne(text) {
      const { statements, diagnostics: syntax } = parse(text)
      if (syntax.some(isError)) throw new QueryError(syntax)
      const [first, second] = statements
      if (first === undefined || second !== undefined) throw new QueryError([notOne(second)])
      const { compiled, diagnostics } = compileStatement(first, { catalog, minWindowMs })
      if (compiled === undefined) throw new QueryError(diagnostics)
      return { compiled, diagnostics: [...syntax, ...diagnostics] }
    },
    diagnose(text, { stored }) {
      // Without recovery: what follows from a slip of the pen is no second problem.
      const { statements, diagnostics: syntax } = parse(text)
      const meaning = statements.flatMap(
        (statement) => compileStatement(statement, { catalog, minWindowMs, stored }).diagnostics,
      )
      return [...syntax, ...meaning].sort((left, right) => left.start - right.start)
    },
  }
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error'
}

function notOne(second: Statement | undefined): Diagnostic {
  const { start, end, line, column } = second?.span ?? { start: 0, end: 0, line: 1, column: 1 }
  return {
    code: 'NOT_ONE_QUERY',
    severity: 'error',
    message: second === undefined ? 'the text holds no statement' : 'the text holds more than one statement',
    hint: 'send one query, or one DECLARE METRIC, at a time',
    start,
    end,
    line,
    column,
  }
}
