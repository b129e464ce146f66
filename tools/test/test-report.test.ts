import { expect, test } from 'vitest'
import { judge, type VitestReport } from '../test-report.ts'

type Outcome = 'passed' | 'failed' | 'skipped'

const fileReport = (
  name: string,
  outcomes: Outcome[],
  status: 'passed' | 'failed' = 'passed',
): VitestReport['testResults'][number] => ({
  name,
  status,
  message: status === 'failed' ? 'cannot load' : '',
  assertionResults: outcomes.map((outcome, index) => ({ status: outcome, fullName: `case ${index}` })),
})
const usesRealData = (file: string) => file.startsWith('real')

test('sums tests over files and names what failed', () => {
  const report = {
    testResults: [fileReport('a', ['passed', 'passed']), fileReport('b', ['failed', 'passed'], 'failed')],
  }
  const verdict = judge(report, { realDataPresent: false, usesRealData })
  expect(verdict).toMatchObject({ passed: 3, failed: 1 })
  expect(verdict.lines[0]).toBe('FAIL  b: case 0')
})

test('a file that does not load, and one without tests, count as failed', () => {
  const report = { testResults: [fileReport('a', [], 'failed'), fileReport('b', [])] }
  expect(judge(report, { realDataPresent: false, usesRealData })).toMatchObject({ passed: 0, failed: 2 })
})

test('skipping is a note without the real data and a failure with it', () => {
  const report = { testResults: [fileReport('real-a', ['passed', 'skipped']), fileReport('b', ['passed', 'skipped'])] }
  expect(judge(report, { realDataPresent: false, usesRealData })).toMatchObject({ passed: 2, failed: 0 })
  const strict = judge(report, { realDataPresent: true, usesRealData })
  expect(strict).toMatchObject({ passed: 2, failed: 1 })
  expect(strict.lines[0]).toBe('FAIL  real-a: case 1 (skipped although the real data is there)')
})

test('a run that should use the real data and does not is a failure where it is there', () => {
  const report = { testResults: [fileReport('a', ['passed'])] }
  const wantsRealData = true
  expect(judge(report, { realDataPresent: true, usesRealData, wantsRealData })).toMatchObject({ passed: 1, failed: 1 })
  expect(judge(report, { realDataPresent: false, usesRealData, wantsRealData })).toMatchObject({ passed: 1, failed: 0 })
  expect(judge(report, { realDataPresent: true, usesRealData })).toMatchObject({ passed: 1, failed: 0 })
})
