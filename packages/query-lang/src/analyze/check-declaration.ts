import type { MetricDeclaration } from '@windrow/core'
import type { DeclareMetricStatement } from '../ast.ts'
import type { DiagnosticList } from '../diagnostics.ts'

export function checkDeclaration(
  { kind, unit, first }: DeclareMetricStatement,
  diagnostics: DiagnosticList,
): MetricDeclaration {
  if (first !== undefined && kind !== undefined && kind.kind !== 'counter') {
    const hint = 'write KIND COUNTER, or leave FIRST out'
    diagnostics.error('FIRST_NEEDS_COUNTER', first.span, 'FIRST is about the running totals of a counter', hint)
  }
  return {
    ...(kind === undefined ? {} : { kind: kind.kind }),
    ...(unit === undefined ? {} : { unit: unit.value }),
    ...(first === undefined ? {} : { first: first.first }),
  }
}
