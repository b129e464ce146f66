import { type CstNode, CstParser, type IParserConfig, type TokenType } from 'chevrotain'
import * as k from './keywords.ts'
import * as t from './tokens.ts'

export type Rule = () => CstNode

/** The part of the grammar below the clauses: numbers, calls, and the expressions of HAVING. */
export class ExpressionParser extends CstParser {
  protected readonly dimension: Rule
  protected readonly number: Rule
  protected readonly call: Rule
  protected readonly columnRef: Rule
  protected readonly expression: Rule

  constructor(vocabulary: TokenType[], config: IParserConfig) {
    super(vocabulary, config)

    this.dimension = this.RULE('dimension', () => {
      this.OR([
        { ALT: () => this.CONSUME(t.Ident) },
        { ALT: () => this.CONSUME(t.DottedName) },
        { ALT: () => this.CONSUME(t.StringLiteral) },
      ])
    })

    this.number = this.RULE('number', () => {
      this.OPTION(() => this.CONSUME(t.AddSign))
      this.CONSUME(t.NumberLiteral)
      this.OPTION1(() => this.CONSUME(t.Percent))
    })

    // An argument may hold a call again; the parser finds the rule by name once all rules are known.
    this.call = this.RULE('call', () => {
      this.CONSUME(t.Ident)
      this.OPTION(() => {
        this.CONSUME(t.LeftParen)
        this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(argument) })
        this.CONSUME(t.RightParen)
      })
    })

    const argument: Rule = this.RULE('argument', () => {
      this.OR([
        { ALT: () => this.SUBRULE(this.number) },
        { ALT: () => this.CONSUME(t.StringLiteral) },
        { ALT: () => this.CONSUME(t.DottedName) },
        {
          ALT: () => {
            this.SUBRULE(this.call)
            this.OPTION(() => {
              this.CONSUME(k.Per)
              this.SUBRULE(this.dimension)
            })
          },
        },
      ])
    })

    // A column has no arguments: what stands in brackets is read to be refused by name.
    this.columnRef = this.RULE('columnRef', () => {
      this.CONSUME(t.Ident)
      this.OPTION(() => {
        this.CONSUME(t.LeftParen)
        this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(argument) })
        this.CONSUME(t.RightParen)
      })
    })

    const primary = this.RULE('primary', () => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.NumberLiteral)
            this.OPTION(() => this.CONSUME(t.Percent))
          },
        },
        { ALT: () => this.CONSUME(t.DottedName) },
        { ALT: () => this.SUBRULE(this.columnRef) },
        {
          ALT: () => {
            this.CONSUME(t.LeftParen)
            this.SUBRULE(this.expression)
            this.CONSUME(t.RightParen)
          },
        },
      ])
    })

    const unary = this.RULE('unary', () => {
      this.OPTION(() => this.CONSUME(t.Minus))
      this.SUBRULE(primary)
    })

    const product = this.RULE('product', () => {
      this.SUBRULE(unary)
      this.MANY(() => {
        this.CONSUME(t.MultiplySign)
        this.SUBRULE1(unary)
      })
    })

    const sum = this.RULE('sum', () => {
      this.SUBRULE(product)
      this.MANY(() => {
        this.CONSUME(t.AddSign)
        this.SUBRULE1(product)
      })
    })

    const comparison = this.RULE('comparison', () => {
      this.SUBRULE(sum)
      this.OPTION(() => {
        this.OR([
          {
            ALT: () => {
              this.CONSUME(t.CompareSign)
              this.SUBRULE1(sum)
            },
          },
          {
            ALT: () => {
              this.CONSUME(k.Between)
              this.SUBRULE2(sum)
              this.CONSUME(k.AndInExpressions)
              this.SUBRULE3(sum)
            },
          },
          {
            ALT: () => {
              this.CONSUME(k.Is)
              this.OPTION1(() => this.CONSUME(k.NotInExpressions))
              this.CONSUME(k.Null)
            },
          },
        ])
      })
    })

    const negation = this.RULE('negation', () => {
      this.OPTION(() => this.CONSUME(k.NotInExpressions))
      this.SUBRULE(comparison)
    })

    const conjunction = this.RULE('conjunction', () => {
      this.SUBRULE(negation)
      this.MANY(() => {
        this.CONSUME(k.AndInExpressions)
        this.SUBRULE1(negation)
      })
    })

    this.expression = this.RULE('expression', () => {
      this.SUBRULE(conjunction)
      this.MANY(() => {
        this.CONSUME(k.Or)
        this.SUBRULE1(conjunction)
      })
    })
  }
}
