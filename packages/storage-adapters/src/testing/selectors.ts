import type { SeriesSelector } from '@windrow/core'
import type { ContractKit } from './kit.ts'
import { ANY, exact, glob, selectorOf, servers } from './stage.ts'

const CASES: readonly (readonly [string, Partial<SeriesSelector>, readonly string[]])[] = [
  ['every server', {}, ['web-1', 'web-2', 'web-3', 'db-1', 'DB-1']],
  ['one server', { from: servers(exact('web-2')) }, ['web-2']],
  ['a glob', { from: servers(glob('web-*')) }, ['web-1', 'web-2', 'web-3']],
  ['classes and alternatives', { from: servers(glob('{web,db}-[12]')) }, ['web-1', 'web-2', 'db-1']],
  ['any of several', { from: servers(exact('db-1'), glob('web-?')) }, ['web-1', 'web-2', 'web-3', 'db-1']],
  ['a literal with the signs of a glob', { from: servers(exact('web-*')) }, []],
  ['except', { except: servers(exact('web-1'), glob('*b-1')) }, ['web-2', 'web-3', 'DB-1']],
  ['except everything', { except: servers(ANY) }, []],
  ['another metric', { metric: 'mem' }, []],
  ['a label', { where: [{ label: 'zone', op: 'equal', pattern: exact('eu') }] }, ['web-1', 'web-2']],
  ['not a label', { where: [{ label: 'zone', op: 'notEqual', pattern: exact('eu') }] }, ['web-3', 'db-1', 'DB-1']],
  ['an absent label is empty', { where: [{ label: 'zone', op: 'equal', pattern: exact('') }] }, ['db-1', 'DB-1']],
  ['in', { where: [{ label: 'zone', op: 'in', patterns: [exact('us'), exact('')] }] }, ['web-3', 'db-1', 'DB-1']],
  ['not in', { where: [{ label: 'zone', op: 'notIn', patterns: [glob('e*'), exact('')] }] }, ['web-3']],
  ['exists', { where: [{ label: 'zone', op: 'exists' }] }, ['web-1', 'web-2', 'web-3', 'DB-1']],
  ['not exists', { where: [{ label: 'zone', op: 'notExists' }] }, ['db-1']],
  [
    'all together',
    {
      from: servers(glob('web-*')),
      except: servers(exact('web-3')),
      where: [
        { label: 'zone', op: 'exists' },
        { label: 'route', op: 'equal', pattern: glob('/c*') },
      ],
    },
    ['web-2'],
  ],
]

export function selectorsContract({ describe, expect, scenario, startMs }: ContractKit): void {
  describe('selectors', () => {
    for (const [title, parts, expected] of CASES) {
      scenario(title, async (stage) => {
        const labelled: readonly (readonly [string, Record<string, string>])[] = [
          ['web-1', { zone: 'eu', route: '/home' }],
          ['web-2', { zone: 'eu', route: '/cart' }],
          ['web-3', { zone: 'us', route: '/cart' }],
          ['db-1', {}],
          ['DB-1', { zone: '' }],
        ]
        const refs = labelled.map(([server, labels]) => stage.series({ server, labels }))
        await stage.write(refs.map((ref) => ({ ref, timeMs: startMs, value: 1 })))
        const rows = await stage.read({ selector: selectorOf(parts) })
        expect(rows.map((row) => stage.directory.describe(row.ref).server)).toEqual(expected)
      })
    }
  })
}
