import { expect, test } from 'vitest'
import { check } from '../src/compile.ts'
import { renderDiagnostics } from '../src/render-diagnostics.ts'

test('carets stand under the place, with message and hint', () => {
  const text = 'FROM a SELECT m\n\tWINDOW 5min COMPUTE avg'
  expect(renderDiagnostics(text, check(text))).toBe(
    [
      'error[BAD_NUMBER] 2:9: 5min is neither a number nor a duration',
      '  \tWINDOW 5min COMPUTE avg',
      '  \t       ^^^^',
      '  hint: did you mean 5m?',
    ].join('\n'),
  )
})

test('an empty stretch gets one caret, and a stretch over lines ends with its line', () => {
  const end = renderDiagnostics('FROM a', check('FROM a'))
  expect(end.split('\n')[2]).toBe(`  ${' '.repeat(6)}^`)
  const comment = 'FROM a SELECT m WINDOW 5s COMPUTE avg /* x\ny'
  expect(renderDiagnostics(comment, check(comment)).split('\n').at(2)).toBe(`  ${' '.repeat(38)}^^^^`)
})

test('a long line is cut around the place', () => {
  const text = `${'FROM a -- '.padEnd(5_000, 'x')}\nFROM ${'a,'.repeat(2_000)} SELECT`
  const lines = renderDiagnostics(text, check(text)).split('\n')
  expect(lines[1]?.length).toBe(122)
  expect(lines[1]?.[lines[2]?.indexOf('^') ?? -1]).toBe('F')
})
