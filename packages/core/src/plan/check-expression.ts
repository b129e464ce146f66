import type { Expression } from './expression.ts'

/** Levels an expression may be nested. A left operand opens none: `a + b + c + ...` is one level. */
export const MAX_EXPRESSION_DEPTH = 64
/** Most operators, columns and numbers of one expression. */
export const MAX_EXPRESSION_NODES = 4_096

export type ExpressionType = 'number' | 'boolean'

type Operand = 'left' | 'right' | 'of'

interface Signature {
  readonly gives: ExpressionType
  readonly needs: ExpressionType
  readonly operands: readonly Operand[]
}

const leaf: Signature = { gives: 'number', needs: 'number', operands: [] }
const arithmetic: Signature = { gives: 'number', needs: 'number', operands: ['left', 'right'] }
const comparison: Signature = { gives: 'boolean', needs: 'number', operands: ['left', 'right'] }
const connective: Signature = { gives: 'boolean', needs: 'boolean', operands: ['left', 'right'] }
const nullTest: Signature = { gives: 'boolean', needs: 'number', operands: ['of'] }

const SIGNATURES: ReadonlyMap<unknown, Signature> = new Map(
  Object.entries({
    number: leaf,
    column: leaf,
    other: leaf,
    negate: { gives: 'number', needs: 'number', operands: ['of'] },
    '+': arithmetic,
    '-': arithmetic,
    '*': arithmetic,
    '/': arithmetic,
    '>': comparison,
    '>=': comparison,
    '<': comparison,
    '<=': comparison,
    '=': comparison,
    '!=': comparison,
    and: connective,
    or: connective,
    not: { gives: 'boolean', needs: 'boolean', operands: ['of'] },
    isNull: nullTest,
    isNotNull: nullTest,
  } satisfies Record<Expression['op'], Signature>),
)

/** What the expression is, as far as its outermost operator says; undefined when there is no such operator. */
export function expressionType(expression: Expression): ExpressionType | undefined {
  return SIGNATURES.get(expression.op)?.gives
}

export interface ExpressionRules {
  /** What the whole must be; default `boolean`. */
  readonly gives?: ExpressionType
  /** Why a column of another query cannot be read, or undefined. Default: no other query can be read. */
  readonly otherProblem?: (query: string, column: string) => string | undefined
}

interface Pending {
  readonly node: unknown
  readonly needs: ExpressionType
  readonly depth: number
  /** Where the node stands, for example `left.right`; empty for the whole. */
  readonly path: string
}

/**
 * Why an expression over these columns cannot be evaluated, in one phrase that says where; undefined when it can.
 * Takes anything: plans may be made by hand or come from elsewhere. Never throws.
 */
export function expressionProblem(
  expression: unknown,
  columns: readonly string[],
  rules: ExpressionRules = {},
): string | undefined {
  try {
    return firstProblem(expression, new Set(columns), rules)
  } catch {
    return 'the expression cannot be read'
  }
}

function firstProblem(
  expression: unknown,
  columns: ReadonlySet<string>,
  { gives = 'boolean', otherProblem }: ExpressionRules,
): string | undefined {
  const pending: Pending[] = [{ node: expression, needs: gives, depth: 1, path: '' }]
  // Nodes that stand in several places count each time, so a ring ends here too.
  for (let nodes = 1; ; nodes++) {
    const next = pending.pop()
    if (next === undefined) return undefined
    const { node, needs, depth, path } = next
    if (nodes > MAX_EXPRESSION_NODES) return `the expression has more than ${MAX_EXPRESSION_NODES} parts`
    if (depth > MAX_EXPRESSION_DEPTH) return `the expression is nested more than ${MAX_EXPRESSION_DEPTH} levels deep`
    if (!isRecord(node)) return at(path, 'there is no expression')
    const op = node['op']
    const signature = SIGNATURES.get(op)
    if (signature === undefined) return at(path, `${quoted(op)} is no operator`)
    if (signature.gives !== needs) return at(path, `${quoted(op)} gives a ${signature.gives}, a ${needs} is needed`)
    if (signature.operands.length === 0) {
      const problem = leafProblem(op, node, columns, otherProblem)
      if (problem !== undefined) return at(path, problem)
    }
    for (const operand of signature.operands)
      pending.push({
        node: node[operand],
        needs: signature.needs,
        depth: operand === 'left' ? depth : depth + 1,
        path: path === '' ? operand : `${path}.${operand}`,
      })
  }
}

function leafProblem(
  op: unknown,
  node: Readonly<Record<string, unknown>>,
  columns: ReadonlySet<string>,
  otherProblem: ExpressionRules['otherProblem'],
): string | undefined {
  if (op === 'number') return Number.isFinite(node['value']) ? undefined : 'a number must be finite'
  if (op === 'column') {
    const name = node['name']
    if (typeof name !== 'string') return 'a column needs a name'
    return columns.has(name) ? undefined : `${quoted(name)} is none of the columns`
  }
  const query = node['query']
  const column = node['column']
  if (typeof query !== 'string' || typeof column !== 'string') return 'a column of another query needs both names'
  return otherProblem === undefined
    ? `${quoted(query)} is another query: none can be read here`
    : otherProblem(query, column)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Text of others, cut to what a message can bear. */
function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : `a ${typeof value}`
}

function at(path: string, problem: string): string {
  if (path === '') return problem
  return `${problem} (at ${path.length > 100 ? `...${path.slice(-100)}` : path})`
}
