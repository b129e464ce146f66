import { createEngine, type Engine, type EngineOptions, type WindowResult } from '@windrow/core'
import { memoryAdapter } from '@windrow/storage-adapters/memory'
import { describe, expect, test } from 'vitest'
import { goldenScripts, parseScript, renderFailure, runScript, type ScriptReport } from '../../src/testing/index.ts'

const createStorage = () => memoryAdapter()

function run(text: string, make: (options: EngineOptions) => Engine = createEngine): Promise<ScriptReport> {
  return runScript(parseScript('a.wtest', text), { createEngine: make, createStorage })
}

async function failuresOf(text: string, make?: (options: EngineOptions) => Engine): Promise<string[]> {
  return (await run(text, make)).failures.map(renderFailure)
}

/** A case of one query over 1 2 3 4, with the given lines at its end. */
function caseOf(...lines: string[]): string {
  return [
    'case c',
    '  load web-1 m distribution at 0s: 1 2 3 4',
    '  query q: FROM * SELECT m WINDOW 5s COMPUTE count, sum',
    '  send',
    '  advance 20s',
    ...lines.map((line) => `  ${line}`),
  ].join('\n')
}

test('what is as expected is counted', async () => {
  const text = caseOf(
    'expect q',
    '  [0s, 5s) count=4 sum=10',
    'expect counters q matched=4',
    'expect points received=4',
  )
  expect(await run(text)).toEqual({ evals: 3, failures: [], skipped: [] })
})

describe('a wrong expectation fails, says where, and shows both sides', () => {
  test('of rows', async () => {
    const text = caseOf('expect q', '  [0s, 5s) count=4 sum=11')
    expect(await failuresOf(text)).toEqual([
      [
        'a.wtest:6: c: the rows differ',
        '  expected                | actual',
        '> [0s, 5s) count=4 sum=11 | [0s, 5s) count=4 sum=10',
      ].join('\n'),
    ])
  })

  test.each<[string, string]>([
    ['another start', '[1s, 5s) count=4 sum=10'],
    ['another end', '[0s, 6s) count=4 sum=10'],
    ['another value', '[0s, 5s) count=5 sum=10'],
    ['a column too few', '[0s, 5s) count=4'],
    ['a column too many', '[0s, 5s) count=4 sum=10 avg=2.5'],
    ['null', '[0s, 5s) count=4 sum=null'],
    ['a group', '[0s, 5s) {server="web-1"} count=4 sum=10'],
    ['a flag that is not there', '[0s, 5s) count=4 sum=10 @partial'],
    ['another revision', '[0s, 5s) count=4 sum=10 @rev=2'],
    ['late samples', '[0s, 5s) count=4 sum=10 @late=1'],
    ['another number of samples', '[0s, 5s) count=4 sum=10 @n=3'],
    ['another number of series', '[0s, 5s) count=4 sum=10 @seen=2'],
    ['another completeness', '[0s, 5s) count=4 sum=10 @completeness=0.5'],
    ['another version', '[0s, 5s) count=4 sum=10 @version=2'],
    ['another generation', '[0s, 5s) count=4 sum=10 @generation=2'],
    ['a row that is out of date', '[0s, 5s) count=4 sum=10 @stale'],
    ['another source', '[0s, 5s) count=4 sum=10 @source=replay'],
    ['a sketch', '[0s, 5s) count=4 sum=10 @sketch=exact'],
    ['a tolerance that is too small', '[0s, 5s) count=4 sum=10.2~1%'],
    ['an amount that is too small', '[0s, 5s) count=4 sum=10.2~0.1'],
    ['nothing', 'nothing'],
  ])('%s', async (_, row) => {
    const [failure, ...more] = await failuresOf(caseOf('expect q', `  ${row}`))
    expect(failure).toContain('a.wtest:6: c: the rows differ')
    expect(failure).toContain('| [0s, 5s) count=4 sum=10')
    expect(more).toEqual([])
  })

  test('a flag that is not written', async () => {
    const text = caseOf('expect q', '  [0s, 5s) count=4 sum=10').replace('case c', 'case c\n  engine start=1s')
    expect((await failuresOf(text))[0]).toContain('> [0s, 5s) count=4 sum=10 | [0s, 5s) count=4 sum=10 @partial')
  })

  test('a row too many and a row too few', async () => {
    const text = caseOf('expect q', '  [0s, 5s) count=4 sum=10', '  [5s, 10s) count=1 sum=1', 'expect q nothing')
    expect(await failuresOf(text)).toEqual([expect.stringContaining('> [5s, 10s) count=1 sum=1 | -')])
  })

  test('a tolerance that is great enough', async () => {
    expect(await failuresOf(caseOf('expect q', '  [0s, 5s) count=4~1 sum=10.05~1%'))).toEqual([])
  })

  test('rows that nobody expected', async () => {
    expect(await failuresOf(caseOf('expect q nothing'))).toEqual([
      expect.stringContaining('a.wtest:6: c: the rows differ'),
    ])
    expect(await failuresOf(caseOf('advance 10s', 'expect counters q matched=4'))).toEqual([])
    const unread = caseOf(
      'load web-1 m distribution at 12s: 1',
      'expect q',
      '  [0s, 5s) count=4 sum=10',
      'send',
      'advance 1m',
    )
    expect((await failuresOf(unread))[0]).toMatch(
      /^a\.wtest:7: c: rows of q after its last expect\n[\s\S]*\[10s, 15s\) count=1/,
    )
  })

  test('of late samples', async () => {
    const side = [
      'alter q: FROM * SELECT m WINDOW 5s COMPUTE count, sum LATENESS 1s THEN SIDE',
      'advance 1m',
      'load web-2 m distribution at 4s: 7',
      'send',
      'advance 61s',
    ]
    expect(await failuresOf(caseOf(...side, 'expect late q', '  web-2 4s 7'))).toEqual([])
    expect(await failuresOf(caseOf(...side, 'expect late q', '  web-2 4s 8'))).toEqual([
      ['a.wtest:11: c: the rows differ', '  expected   | actual', '> web-2 4s 8 | web-2 4s 7'].join('\n'),
    ])
    const unread = ['expect late q nothing', ...side]
    expect((await failuresOf(caseOf(...unread)))[0]).toMatch(
      /^a\.wtest:6: c: late samples of q after its last expect\n[\s\S]*> - +\| web-2 4s 7$/,
    )
  })

  test('of progress', async () => {
    expect(await failuresOf(caseOf('expect progress q finalThrough=0s watermark=10s told=2'))).toEqual([
      'a.wtest:6: c: > told: expected 2, actual 1',
    ])
    expect(await failuresOf(caseOf('expect progress r told=1'))).toEqual(['a.wtest:6: c: there is no progress r'])
  })

  test('of history', async () => {
    const text = caseOf('eval [0s, 5s): FROM * SELECT m WINDOW 5s COMPUTE max', '  [0s, 5s) max=5')
    expect((await failuresOf(text))[0]).toContain('> [0s, 5s) max=5 | [0s, 5s) max=4')
  })

  test('of facts', async () => {
    expect(await failuresOf(caseOf('expect counters q matched=5 applied=4'))).toEqual([
      'a.wtest:6: c: > matched: expected 5, actual 4',
    ])
    expect(await failuresOf(caseOf('expect query q final=1m state=running covers=null'))).toEqual([
      'a.wtest:6: c: > final: expected 1m, actual 0s\n> covers: expected null, actual 0s',
    ])
    expect(await failuresOf(caseOf('expect source kafka:0 state=active'))).toEqual([
      'a.wtest:6: c: there is no source kafka:0',
    ])
  })

  test('of diagnostics', async () => {
    const text = 'case c\n  expect fail SYNTAX at 1:1: FROM a SELECT m WINDOW 5s COMPUTE mean'
    expect(await failuresOf(text)).toEqual([
      expect.stringMatching(/^a\.wtest:2: c: expected SYNTAX at 1:1, actual UNKNOWN_FUNCTION at 1:35\nerror\[/),
    ])
    expect(await failuresOf('case c\n  expect fail SYNTAX at 1:1: FROM a SELECT m WINDOW 5s COMPUTE avg')).toEqual([
      'a.wtest:2: c: expected SYNTAX at 1:1, actual none',
    ])
  })

  test('of errors', async () => {
    expect(await failuresOf(caseOf('expect error QUERY_EXISTS: drop nobody'))).toEqual([
      expect.stringContaining('a.wtest:6: c: expected QUERY_EXISTS, actual QUERY_NOT_FOUND: '),
    ])
    expect(await failuresOf(caseOf('expect error QUERY_EXISTS: drop q'))).toEqual([
      'a.wtest:6: c: expected QUERY_EXISTS, actual no error',
    ])
  })
})

describe('a step that cannot be done ends its case and no other', () => {
  test.each<[string, RegExp]>([
    ['send', /there is nothing to send/],
    ['drop nobody', /QUERY_NOT_FOUND/],
    ['pause nobody', /there is no query nobody/],
    ['caught-up nobody', /there is no polled source nobody/],
    ['finish nobody', /there is no replay nobody/],
    ['expect nobody nothing', /there is no query nobody/],
    ['query r: FROM * SELECT m WINDOW 5s COMPUTE mean', /mean/],
    ['declare m KIND GUAGE', /GUAGE/],
  ])('%s', async (step, message) => {
    const report = await run(`${caseOf(step, 'expect counters q matched=99')}\ncase d\n  expect points received=1`)
    expect(report.failures.map(({ line, caseName }) => [line, caseName])).toEqual([
      [6, 'c'],
      [9, 'd'],
    ])
    expect(report.failures[0]!.message).toMatch(message)
  })
})

describe('every engine is held to the laws', () => {
  /** An engine of which some answers are changed. */
  function altered(change: (engine: Engine) => Partial<Engine>): (options: EngineOptions) => Engine {
    return (options) => {
      const engine = createEngine(options)
      const changes = change(engine)
      return new Proxy(engine, {
        get(target, name) {
          const value: unknown = Reflect.get(Object.hasOwn(changes, name) ? changes : target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    }
  }
  const good = caseOf('expect q', '  [0s, 5s) count=4 sum=10')

  test('which a good one keeps', async () => {
    expect(
      await failuresOf(
        good,
        altered(() => ({})),
      ),
    ).toEqual([])
  })

  test('of points', async () => {
    const make = altered((engine) => ({
      stats: () => {
        const stats = engine.stats()
        return {
          ...stats,
          tenants: stats.tenants.map((tenant) => ({ ...tenant, points: { ...tenant.points, shed: 1 } })),
        }
      },
    }))
    expect(await failuresOf(good, make)).toEqual([
      'a.wtest:1: c: the point law does not hold: received=4 accepted=4 rejected=0 duplicate=0 shed=1',
    ])
  })

  test('of queries', async () => {
    const make = altered((engine) => ({
      queries: () =>
        engine
          .queries()
          .map((query) =>
            Object.create(query, { name: { value: 'q' }, counters: { value: { ...query.counters, lateDropped: 1 } } }),
          ),
    }))
    expect(await failuresOf(good, make)).toEqual([
      expect.stringContaining('a.wtest:1: c: the query law does not hold for q: matched=4'),
    ])
  })
})

test('a row that comes again is newer than before', async () => {
  const text = caseOf('load web-1 m distribution at 4s: 1', 'send', 'advance 30s')
  const make = (options: EngineOptions): Engine => {
    const engine = createEngine(options)
    const addQuery = engine.addQuery.bind(engine)
    return Object.assign(engine, {
      addQuery: (...args: Parameters<Engine['addQuery']>) => {
        const query = addQuery(...args)
        return Object.create(query, {
          name: { value: query.name },
          subscribeLate: { value: query.subscribeLate.bind(query) },
          subscribeProgress: { value: query.subscribeProgress.bind(query) },
          subscribe: {
            value: (listener: (row: WindowResult) => void) =>
              query.subscribe((row) => listener({ ...row, revision: 65_537 })),
          },
        })
      },
    })
  }
  expect(await failuresOf(text)).toEqual([])
  expect(await failuresOf(text, make)).toEqual(['a.wtest:1: c: a row of q at 0s came with the revision 1.1 after 1.1'])
})

describe('an engine that is saved and restored', () => {
  test('goes on, and what was not looked at stays', async () => {
    const text = caseOf(
      'snapshot',
      'restore gapless',
      'load web-1 m distribution at 4s: 1',
      'send',
      'advance 30s',
      'expect q',
      '  [0s, 5s) count=4 sum=10 @generation=1',
      '  [0s, 5s) count=5 sum=11 @late=1 @generation=2',
    )
    expect(await failuresOf(text)).toEqual([])
  })

  test('is closed, with its storage', async () => {
    const events: string[] = []
    const make = (options: EngineOptions): Engine => {
      const engine = createEngine(options)
      const close = engine.close.bind(engine)
      events.push('made')
      return Object.assign(engine, {
        close: async () => {
          await close()
          events.push('closed')
        },
      })
    }
    expect(await failuresOf(caseOf('snapshot', 'restore'), make)).toEqual([])
    expect(events).toEqual(['made', 'closed', 'made', 'closed'])
  })

  test('needs a snapshot', async () => {
    expect(await failuresOf(caseOf('restore'))).toEqual(['a.wtest:6: c: there is no snapshot to restore'])
  })
})

test('a script with problems is not run', async () => {
  expect(await failuresOf('case c\n  jump\n  expect points received=1')).toEqual([
    expect.stringContaining('a.wtest:2: column 3: no step jump'),
  ])
})

test('cases over history are skipped without a storage', async () => {
  const text = 'case a\n  advance 1s\ncase b\n  eval [0s, 5s): FROM * SELECT m WINDOW 5s COMPUTE avg\n    nothing'
  expect(await runScript(parseScript('a.wtest', text), { createEngine })).toEqual({
    evals: 0,
    failures: [],
    skipped: ['b'],
  })
  expect(await run(text)).toEqual({ evals: 1, failures: [], skipped: [] })
})

test('settle waits for what the engine does in the background', async () => {
  const events: string[] = []
  const make = (options: EngineOptions): Engine => {
    const engine = createEngine(options)
    const [settled, addQuery] = [engine.settled.bind(engine), engine.addQuery.bind(engine)]
    return Object.assign(engine, {
      settled: async () => {
        await settled()
        events.push('settled')
      },
      addQuery: (...args: Parameters<Engine['addQuery']>) => {
        events.push(args[0])
        return addQuery(...args)
      },
    })
  }
  const query = (name: string): string => `query ${name}: FROM * SELECT m WINDOW 5s COMPUTE avg`
  expect(await failuresOf(caseOf(query('a'), 'settle', query('b')), make)).toEqual([])
  expect(events.slice(0, 4)).toEqual(['q', 'a', 'settled', 'b'])
})

test('a declaration that means nothing ends its case', async () => {
  const text = caseOf(
    'declare c KIND COUNTER FIRST ZERO',
    'expect metric c kind=counter',
    'declare g KIND GAUGE FIRST ZERO',
    'expect counters q matched=9',
  )
  expect(await failuresOf(text)).toEqual([
    'a.wtest:8: c: QUERY_INVALID: 1:29: FIRST is about the running totals of a counter',
  ])
})

test('the engine is closed, and its storage with it', async () => {
  const storages: ReturnType<typeof memoryAdapter>[] = []
  const create = () => {
    const storage = memoryAdapter()
    storages.push(storage)
    return storage
  }
  await runScript(parseScript('a.wtest', caseOf('expect counters q matched=4')), {
    createEngine,
    createStorage: create,
  })
  expect(storages).toHaveLength(1)
  await expect(storages[0]!.catalog('default')).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_CLOSED' }))
})

describe('as tests of a framework', () => {
  /** Records what is declared, as a framework would. */
  function declared(text: string, storage = true) {
    const tests: { title: string; skipped: boolean; body: () => Promise<void> }[] = []
    const add = (skipped: boolean) => (title: string, body: () => Promise<void>) => {
      tests.push({ title, skipped, body })
    }
    goldenScripts({
      describe: (_, body) => body(),
      test: Object.assign(add(false), { skip: add(true) }),
      scripts: [{ file: 'a.wtest', text }],
      createEngine,
      createStorage: storage ? createStorage : undefined,
    })
    return tests
  }

  test('each case is one', async () => {
    const tests = declared(`${caseOf('expect q', '  [0s, 5s) count=9 sum=10')}\ncase d\n  advance 1s`)
    expect(tests.map(({ title, skipped }) => [title, skipped])).toEqual([
      ['c', false],
      ['d', false],
    ])
    await expect(tests[0]!.body()).rejects.toThrow('a.wtest:6: c: the rows differ')
    await tests[1]!.body()
  })

  test('a script with problems is one that fails', async () => {
    const tests = declared('case c\n  jump')
    expect(tests.map(({ title }) => title)).toEqual(['follows the format'])
    await expect(tests[0]!.body()).rejects.toThrow('a.wtest:2:3: no step jump')
  })

  test('cases over history are skipped where they can be seen', () => {
    const text = 'case b\n  eval [0s, 5s): FROM * SELECT m WINDOW 5s COMPUTE avg\n    nothing'
    expect(declared(text, false).map(({ title, skipped }) => [title, skipped])).toEqual([['b', true]])
    expect(declared(text).map(({ skipped }) => skipped)).toEqual([false])
  })
})
