export type ArithmeticOperator = '+' | '-' | '*' | '/'
export type ComparisonOperator = '>' | '>=' | '<' | '<=' | '=' | '!='

/**
 * An expression over the columns of one row, as plain data. Whether a part is numeric or boolean is checked where
 * it is written; here it is taken for granted.
 */
export type Expression =
  | { readonly op: 'number'; readonly value: number }
  /** A column of the same row. */
  | { readonly op: 'column'; readonly name: string }
  /** A column of another query: same window, same group. */
  | { readonly op: 'other'; readonly query: string; readonly column: string }
  | { readonly op: 'negate'; readonly of: Expression }
  | { readonly op: ArithmeticOperator | ComparisonOperator; readonly left: Expression; readonly right: Expression }
  | { readonly op: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly op: 'not' | 'isNull' | 'isNotNull'; readonly of: Expression }
