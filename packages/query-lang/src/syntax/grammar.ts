import { type CstNode, CstParser } from 'chevrotain'
import { syntaxMessages } from './syntax-messages.ts'
import * as t from './tokens.ts'

type Rule = () => CstNode

export interface QueryParserOptions {
  /** Go on after an error, for editors. */
  readonly recovery: boolean
  /** Let chevrotain check the grammar against itself. Slow, and true of a grammar once and for all: a test does it. */
  readonly selfAnalysis?: boolean
}

/**
 * The grammar, one statement at a time. It takes somewhat more than runs: other topology levels, `rate(m)`, nested
 * and non-numeric arguments are read here and refused by name when the tree is built, all of them in one run.
 */
export class QueryParser extends CstParser {
  readonly statement: Rule

  constructor(options: QueryParserOptions) {
    super(t.ALL_TOKENS, {
      recoveryEnabled: options.recovery,
      maxLookahead: 2,
      skipValidations: options.selfAnalysis !== true,
      errorMessageProvider: syntaxMessages,
    })

    const nameOrString = this.RULE('nameOrString', () => {
      this.OR([{ ALT: () => this.CONSUME(t.Name) }, { ALT: () => this.CONSUME(t.StringLiteral) }])
    })

    const pattern = this.RULE('pattern', () => {
      this.OR([
        { ALT: () => this.CONSUME(t.Name) },
        { ALT: () => this.CONSUME(t.StringLiteral) },
        { ALT: () => this.CONSUME(t.Regex) },
      ])
    })

    const patternList = this.RULE('patternList', () => {
      this.CONSUME(t.LeftParen)
      this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(pattern) })
      this.CONSUME(t.RightParen)
    })

    const source = this.RULE('source', () => {
      this.SUBRULE(pattern)
      this.OPTION(() => this.SUBRULE(patternList))
    })

    const sourceList = this.RULE('sourceList', () => {
      this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(source) })
    })

    const from = this.RULE('from', () => {
      this.CONSUME(t.From)
      this.SUBRULE(sourceList)
      this.OPTION(() => {
        this.CONSUME(t.Except)
        this.SUBRULE1(sourceList, { LABEL: 'except' })
      })
    })

    const selected = this.RULE('selected', () => {
      this.SUBRULE(nameOrString)
      this.OPTION(() => {
        this.CONSUME(t.LeftParen)
        this.SUBRULE1(nameOrString, { LABEL: 'argument' })
        this.CONSUME(t.RightParen)
      })
    })

    const select = this.RULE('select', () => {
      this.CONSUME(t.Select)
      this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(selected) })
    })

    const matcher = this.RULE('matcher', () => {
      this.SUBRULE(nameOrString)
      this.OR([
        {
          ALT: () => {
            this.OR1([
              { ALT: () => this.CONSUME(t.Equal) },
              { ALT: () => this.CONSUME(t.NotEqual) },
              { ALT: () => this.CONSUME(t.RegexEqual) },
              { ALT: () => this.CONSUME(t.RegexNotEqual) },
            ])
            this.SUBRULE(pattern)
          },
        },
        {
          ALT: () => {
            this.OPTION(() => this.CONSUME(t.Not))
            this.OR2([
              {
                ALT: () => {
                  this.CONSUME(t.In)
                  this.SUBRULE(patternList)
                },
              },
              { ALT: () => this.CONSUME(t.Exists) },
            ])
          },
        },
      ])
    })

    const where = this.RULE('where', () => {
      this.CONSUME(t.Where)
      this.AT_LEAST_ONE_SEP({ SEP: t.And, DEF: () => this.SUBRULE(matcher) })
    })

    const signedDuration = this.RULE('signedDuration', () => {
      this.OPTION(() => {
        this.OR([{ ALT: () => this.CONSUME(t.Minus) }, { ALT: () => this.CONSUME(t.Plus) }])
      })
      this.CONSUME(t.Duration)
    })

    const window = this.RULE('window', () => {
      this.CONSUME(t.Window)
      this.CONSUME(t.Duration)
      this.OPTION1(() => {
        this.CONSUME(t.Every)
        this.CONSUME1(t.Duration, { LABEL: 'every' })
      })
      this.OPTION2(() => {
        this.CONSUME(t.Offset)
        this.SUBRULE(signedDuration)
      })
    })

    const dimension = this.RULE('dimension', () => {
      this.OR([
        { ALT: () => this.CONSUME(t.Ident) },
        { ALT: () => this.CONSUME(t.DottedName) },
        { ALT: () => this.CONSUME(t.StringLiteral) },
      ])
    })

    const number = this.RULE('number', () => {
      this.OPTION(() => {
        this.OR([{ ALT: () => this.CONSUME(t.Minus) }, { ALT: () => this.CONSUME(t.Plus) }])
      })
      this.CONSUME(t.NumberLiteral)
      this.OPTION1(() => this.CONSUME(t.Percent))
    })

    // An argument may hold a call again; the parser finds the rule by name once all rules are known.
    const call: Rule = this.RULE('call', () => {
      this.CONSUME(t.Ident)
      this.OPTION(() => {
        this.CONSUME(t.LeftParen)
        this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(argument) })
        this.CONSUME(t.RightParen)
      })
    })

    const argument: Rule = this.RULE('argument', () => {
      this.OR([
        { ALT: () => this.SUBRULE(number) },
        { ALT: () => this.CONSUME(t.StringLiteral) },
        { ALT: () => this.CONSUME(t.DottedName) },
        {
          ALT: () => {
            this.SUBRULE(call)
            this.OPTION(() => {
              this.CONSUME(t.Per)
              this.SUBRULE(dimension)
            })
          },
        },
      ])
    })

    const column = this.RULE('column', () => {
      this.SUBRULE(call)
      this.OPTION(() => {
        this.CONSUME(t.As)
        this.CONSUME(t.Ident, { LABEL: 'alias' })
      })
    })

    const compute = this.RULE('compute', () => {
      this.CONSUME(t.Compute)
      this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(column) })
    })

    const groupBy = this.RULE('groupBy', () => {
      this.CONSUME(t.Group)
      this.CONSUME(t.By)
      this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(dimension) })
    })

    const lateness = this.RULE('lateness', () => {
      this.CONSUME(t.Lateness)
      this.CONSUME(t.Duration)
    })

    const timePoint = this.RULE('timePoint', () => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Now)
            this.OPTION(() => {
              this.OR1([{ ALT: () => this.CONSUME(t.Minus) }, { ALT: () => this.CONSUME(t.Plus) }])
              this.CONSUME(t.Duration)
            })
          },
        },
        { ALT: () => this.CONSUME(t.StringLiteral) },
        { ALT: () => this.CONSUME1(t.Duration, { LABEL: 'ago' }) },
      ])
    })

    const range = this.RULE('range', () => {
      this.CONSUME(t.Since)
      this.SUBRULE(timePoint)
      this.OPTION(() => {
        this.CONSUME(t.Until)
        this.SUBRULE1(timePoint, { LABEL: 'until' })
      })
    })

    const query = this.RULE('query', () => {
      this.SUBRULE(from)
      this.SUBRULE(select)
      this.OPTION(() => this.SUBRULE(where))
      this.SUBRULE(window)
      this.SUBRULE(compute)
      this.MANY(() => {
        this.OR([
          { ALT: () => this.SUBRULE(groupBy) },
          { ALT: () => this.SUBRULE(lateness) },
          { ALT: () => this.SUBRULE(range) },
        ])
      })
    })

    const kindOption = this.RULE('kindOption', () => {
      this.CONSUME(t.Kind)
      this.CONSUME(t.Ident)
    })

    const unitOption = this.RULE('unitOption', () => {
      this.CONSUME(t.Unit)
      this.CONSUME(t.StringLiteral)
    })

    const declareMetric = this.RULE('declareMetric', () => {
      this.CONSUME(t.Declare)
      this.CONSUME(t.Metric)
      this.SUBRULE(nameOrString)
      this.MANY(() => {
        this.OR([{ ALT: () => this.SUBRULE(kindOption) }, { ALT: () => this.SUBRULE(unitOption) }])
      })
    })

    this.statement = this.RULE('statement', () => {
      this.OR([{ ALT: () => this.SUBRULE(query) }, { ALT: () => this.SUBRULE(declareMetric) }])
    })

    this.performSelfAnalysis()
  }
}
