import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

function codesInSource(): string[] {
  const union = /type WindrowErrorCode =([\s\S]*?)\n\n/.exec(read('packages/core/src/errors.ts'))?.[1] ?? ''
  return [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1]!)
}

function rowsInDocs(): string[][] {
  return read('docs/errors.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

test('docs/errors.md documents every code of the source, once and in its order', () => {
  const codes = codesInSource()
  expect(codes.length).toBeGreaterThan(10)
  expect(rowsInDocs().map((row) => row[0]!.replaceAll('`', ''))).toEqual(codes)
})

test('every documented code has a meaning and a remedy', () => {
  for (const row of rowsInDocs()) {
    expect(row, row[0]!).toHaveLength(3)
    for (const cell of row) expect(cell, row[0]!).not.toBe('')
  }
})
