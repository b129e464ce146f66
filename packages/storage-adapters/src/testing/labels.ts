import type { ContractKit } from './kit.ts'
import { exact, selectorOf, servers } from './stage.ts'

const NAUGHTY = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'then',
  'length',
  ' ',
  'a b',
  '"',
  "'",
  '`',
  '\\',
  '\n',
  '\u0000',
  '%',
  '{{x}}',
  '"} or {x="',
  "'; DROP TABLE samples; --",
  '$1',
  '日本語',
  '🦆',
  'e\u0301',
  '\u00e9',
]

export function labelsContract({ describe, expect, scenario, scenarioIf, startMs, capabilities }: ContractKit): void {
  describe('labels and names', () => {
    scenario('odd label names and values stay apart and come back as they were', async (stage) => {
      const refs = [...NAUGHTY, ''].flatMap((text) => [
        stage.series({ labels: [[text, 'v']] }),
        stage.series({ labels: [['l', text]] }),
      ])
      await stage.write(refs.map((ref, i) => ({ ref, timeMs: startMs, value: i })))
      const rows = await stage.read()
      expect(rows.map((row) => [row.ref, row.value])).toEqual(refs.map((ref, i) => [ref, i]))
      expect(Reflect.get({}, 'v')).toBeUndefined()
    })

    scenario('odd label names and values can be selected', async (stage) => {
      const refs = NAUGHTY.map((text) => stage.series({ labels: [[text, text]] }))
      await stage.write(refs.map((ref, i) => ({ ref, timeMs: startMs, value: i })))
      for (const [i, text] of NAUGHTY.entries()) {
        const where = [{ label: text, op: 'equal' as const, pattern: exact(text) }]
        expect((await stage.read({ selector: selectorOf({ where }) })).map((row) => row.value)).toEqual([i])
      }
    })

    scenario('odd metric and server names', async (stage) => {
      const refs = NAUGHTY.map((text) => stage.series({ metric: text, server: text }))
      await stage.write(refs.map((ref, i) => ({ ref, timeMs: startMs, value: i })))
      for (const [i, text] of NAUGHTY.entries()) {
        const selector = selectorOf({ metric: text, from: servers(exact(text)) })
        expect((await stage.read({ selector })).map((row) => row.value)).toEqual([i])
      }
      const catalog = await stage.adapter.catalog(stage.tenant)
      expect(catalog.metrics.map((entry) => entry.metric).sort()).toEqual([...NAUGHTY].sort())
    })

    scenario('series that differ only in scope, unit or temporality stay apart', async (stage) => {
      const refs = [
        stage.series({ kind: 'delta', temporality: 'delta' }),
        stage.series({ kind: 'delta', temporality: 'cumulative' }),
        stage.series({ unit: 's' }),
        stage.series({ unit: 'ms' }),
        stage.series({ scope: { name: 'lib', version: '1' } }),
        stage.series({ scope: { name: 'lib', version: '2' } }),
      ]
      await stage.write(refs.map((ref, i) => ({ ref, timeMs: startMs, value: i })))
      expect((await stage.read()).map((row) => row.ref)).toEqual(refs)
    })

    const longest = capabilities.maxLabelBytes
    scenarioIf(longest === undefined || longest >= 4096, 'label values of 4 KiB', async (stage) => {
      const refs = ['x', 'y'].map((end) => stage.series({ labels: { l: 'a'.repeat(4095) + end } }))
      await stage.write(refs.map((ref, i) => ({ ref, timeMs: startMs, value: i })))
      expect((await stage.read()).map((row) => row.ref)).toEqual(refs)
    })
  })
}
