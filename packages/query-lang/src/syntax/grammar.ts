import { MAX_DIAGNOSTICS } from '../diagnostics.ts'
import { ExpressionParser, type Rule } from './expression-grammar.ts'
import * as k from './keywords.ts'
import { ALL_TOKENS } from './lexer.ts'
import { syntaxMessages } from './syntax-messages.ts'
import * as t from './tokens.ts'

export interface QueryParserOptions {
  /** Go on after an error, for editors. */
  readonly recovery: boolean
  /** Let chevrotain check the grammar against itself. Slow, and true of a grammar once and for all: a test does it. */
  readonly selfAnalysis?: boolean
}

/**
 * The grammar, one statement at a time. It takes somewhat more than runs: other topology levels, functions in
 * expressions, nested and non-numeric arguments are read here and refused by name when the tree is built, all of
 * them in one run.
 */
export class QueryParser extends ExpressionParser {
  readonly statement: Rule

  constructor(options: QueryParserOptions) {
    let isEnough = (): boolean => false
    super(ALL_TOKENS, {
      recoveryEnabled: options.recovery,
      maxLookahead: 2,
      skipValidations: options.selfAnalysis !== true,
      errorMessageProvider: syntaxMessages(() => isEnough()),
    })
    isEnough = () => this.errors.length >= MAX_DIAGNOSTICS

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
      this.CONSUME(k.From)
      this.SUBRULE(sourceList)
      this.OPTION(() => {
        this.CONSUME(k.Except)
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
      this.CONSUME(k.Select)
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
            this.OPTION(() => this.CONSUME(k.Not))
            this.OR2([
              {
                ALT: () => {
                  this.CONSUME(k.In)
                  this.SUBRULE(patternList)
                },
              },
              { ALT: () => this.CONSUME(k.Exists) },
            ])
          },
        },
      ])
    })

    const where = this.RULE('where', () => {
      this.CONSUME(k.Where)
      this.AT_LEAST_ONE_SEP({ SEP: k.And, DEF: () => this.SUBRULE(matcher) })
    })

    const signedDuration = this.RULE('signedDuration', () => {
      this.OPTION(() => this.CONSUME(t.AddSign))
      this.CONSUME(t.Duration)
    })

    const session = this.RULE('session', () => {
      this.CONSUME(k.Session)
      this.CONSUME(k.Gap)
      this.CONSUME(t.Duration)
      this.OPTION(() => {
        this.CONSUME(k.Max)
        this.CONSUME1(t.Duration, { LABEL: 'max' })
      })
    })

    const window = this.RULE('window', () => {
      this.CONSUME(k.Window)
      this.OR([
        { ALT: () => this.SUBRULE(session) },
        {
          ALT: () => {
            this.CONSUME(t.Duration)
            this.OPTION1(() => {
              this.CONSUME(k.Every)
              this.CONSUME1(t.Duration, { LABEL: 'every' })
            })
            this.OPTION2(() => {
              this.CONSUME(k.Offset)
              this.SUBRULE(signedDuration)
            })
            this.OPTION3(() => {
              this.CONSUME(k.Tz)
              this.CONSUME(t.StringLiteral)
            })
          },
        },
      ])
    })

    const column = this.RULE('column', () => {
      this.SUBRULE(this.call)
      this.OPTION(() => {
        this.CONSUME(k.As)
        this.CONSUME(t.Ident, { LABEL: 'alias' })
      })
    })

    const compute = this.RULE('compute', () => {
      this.CONSUME(k.Compute)
      this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(column) })
    })

    const groupBy = this.RULE('groupBy', () => {
      this.CONSUME(k.Group)
      this.CONSUME(k.By)
      this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.dimension) })
    })

    const having = this.RULE('having', () => {
      this.CONSUME(k.Having)
      this.SUBRULE(this.expression)
    })

    const fill = this.RULE('fill', () => {
      this.CONSUME(k.Fill)
      this.OR([
        { ALT: () => this.CONSUME(k.None) },
        { ALT: () => this.CONSUME(k.Null) },
        { ALT: () => this.CONSUME(k.Zero) },
        { ALT: () => this.SUBRULE(this.number) },
        {
          ALT: () => {
            this.CONSUME(k.Previous)
            this.OPTION(() => {
              this.CONSUME(k.Within)
              this.CONSUME(t.Duration)
            })
          },
        },
      ])
    })

    const lateness = this.RULE('lateness', () => {
      this.CONSUME(k.Lateness)
      this.CONSUME(t.Duration)
      this.OPTION(() => {
        this.CONSUME(k.Then)
        this.OR([
          { ALT: () => this.CONSUME(k.Drop) },
          { ALT: () => this.CONSUME(k.Side) },
          { ALT: () => this.CONSUME(k.Repair) },
        ])
      })
    })

    const emit = this.RULE('emit', () => {
      this.CONSUME(k.Emit)
      this.OR([
        { ALT: () => this.CONSUME(k.Final) },
        {
          ALT: () => {
            this.CONSUME(k.On)
            this.CONSUME(k.End)
          },
        },
        {
          ALT: () => {
            this.CONSUME(k.Every)
            this.CONSUME(t.Duration)
          },
        },
      ])
    })

    const orderBy = this.RULE('orderBy', () => {
      this.CONSUME(k.Order)
      this.CONSUME(k.By)
      this.SUBRULE(this.columnRef)
      this.OPTION(() => {
        this.OR([{ ALT: () => this.CONSUME(k.Asc) }, { ALT: () => this.CONSUME(k.Desc) }])
      })
    })

    const limit = this.RULE('limit', () => {
      this.CONSUME(k.Limit)
      this.CONSUME(t.NumberLiteral)
    })

    const minSamples = this.RULE('minSamples', () => {
      this.CONSUME(k.Min)
      this.CONSUME(k.Samples)
      this.CONSUME(t.NumberLiteral)
    })

    const timePoint = this.RULE('timePoint', () => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(k.Now)
            this.OPTION(() => {
              this.CONSUME(t.AddSign)
              this.CONSUME(t.Duration)
            })
          },
        },
        { ALT: () => this.CONSUME(t.StringLiteral) },
        { ALT: () => this.CONSUME1(t.Duration, { LABEL: 'ago' }) },
      ])
    })

    const range = this.RULE('range', () => {
      this.CONSUME(k.Since)
      this.SUBRULE(timePoint)
      this.OPTION(() => {
        this.CONSUME(k.Until)
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
          { ALT: () => this.SUBRULE(having) },
          { ALT: () => this.SUBRULE(minSamples) },
          { ALT: () => this.SUBRULE(fill) },
          { ALT: () => this.SUBRULE(orderBy) },
          { ALT: () => this.SUBRULE(limit) },
          { ALT: () => this.SUBRULE(lateness) },
          { ALT: () => this.SUBRULE(emit) },
          { ALT: () => this.SUBRULE(range) },
        ])
      })
    })

    const kindOption = this.RULE('kindOption', () => {
      this.CONSUME(k.Kind)
      this.CONSUME(t.Ident)
    })

    const unitOption = this.RULE('unitOption', () => {
      this.CONSUME(k.Unit)
      this.CONSUME(t.StringLiteral)
    })

    const firstOption = this.RULE('firstOption', () => {
      this.CONSUME(k.First)
      this.OR([
        { ALT: () => this.CONSUME(k.Zero) },
        { ALT: () => this.CONSUME(k.Baseline) },
        { ALT: () => this.CONSUME(k.Auto) },
      ])
    })

    const declareMetric = this.RULE('declareMetric', () => {
      this.CONSUME(k.Declare)
      this.CONSUME(k.Metric)
      this.SUBRULE(nameOrString)
      this.MANY(() => {
        this.OR([
          { ALT: () => this.SUBRULE(kindOption) },
          { ALT: () => this.SUBRULE(unitOption) },
          { ALT: () => this.SUBRULE(firstOption) },
        ])
      })
    })

    this.statement = this.RULE('statement', () => {
      this.OR([{ ALT: () => this.SUBRULE(query) }, { ALT: () => this.SUBRULE(declareMetric) }])
    })

    this.performSelfAnalysis()
  }
}
