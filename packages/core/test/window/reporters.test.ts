import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Reporters } from '../../src/window/reporters.ts'

test('each chain holds the series of one reporter in one group, each series once', () => {
  const series = fc.array(fc.record({ reporter: fc.nat(5), slot: fc.nat(3) }), { maxLength: 60 })
  fc.assert(
    fc.property(series, (all) => {
      const reporters = new Reporters()
      const expected = new Map<string, number[]>()
      for (const [position, { reporter, slot }] of all.entries()) {
        reporters.add(position, reporter, slot)
        const key = `${reporter},${slot}`
        expected.set(key, [...(expected.get(key) ?? []), position])
      }
      const chains: number[][] = []
      for (const position of all.keys()) {
        if (reporters.firsts[position] !== position) continue
        const chain: number[] = []
        for (let at = position; at >= 0; at = reporters.nexts[at]!) chain.push(at)
        for (const at of chain) expect(reporters.firsts[at]).toBe(position)
        chains.push(chain.sort((a, b) => a - b))
      }
      expect(chains).toEqual([...expected.values()])
    }),
  )
})
