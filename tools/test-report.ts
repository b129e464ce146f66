// Judges a run of the tests by the report vitest wrote (`WINDROW_TEST_REPORT`): prints what failed or was
// skipped, and last `N passed, N failed`. When the real series are there, a test file that uses them must have
// passed with nothing skipped: a run without its data must not look like one with it. With `--real-data` there must be
// such a file in the run.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { realDataDir } from './testing/real-data.ts'

export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: 'passed' | 'failed'
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

export interface Verdict {
  readonly passed: number
  readonly failed: number
  /** What people should read: failures first, then what was left out. */
  readonly lines: readonly string[]
}

/** `usesRealData` tells whether a test file needs the real series. */
export function judge(
  report: VitestReport,
  {
    realDataPresent,
    usesRealData,
    wantsRealData = false,
  }: { realDataPresent: boolean; usesRealData: (file: string) => boolean; wantsRealData?: boolean },
): Verdict {
  let [passed, failed, realCases] = [0, 0, 0]
  const failures: string[] = []
  const notes: string[] = []
  const fail = (text: string): void => {
    failed++
    failures.push(`FAIL  ${text}`)
  }
  for (const { name, status, message, assertionResults } of report.testResults) {
    const real = usesRealData(name)
    let passedHere = 0
    for (const { status: outcome, fullName } of assertionResults) {
      if (outcome === 'passed') passedHere++
      else if (outcome === 'failed') fail(`${name}: ${fullName}`)
      else if (real && realDataPresent) fail(`${name}: ${fullName} (skipped although the real data is there)`)
      else notes.push(`skip  ${name}: ${fullName}`)
    }
    passed += passedHere
    if (real) realCases += passedHere
    // A file that does not load has no tests that could fail.
    if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed')) fail(`${name}: ${message}`)
    else if (assertionResults.length === 0) fail(`${name}: holds no test`)
    else if (real && realDataPresent && passedHere === 0) fail(`${name}: nothing ran over the real data`)
  }
  if (wantsRealData && realDataPresent && realCases === 0) fail('the real data is there, and no test used it')
  notes.push(realDataPresent ? `${realCases} tests ran in files that use real data` : 'no real data on this machine')
  return { passed, failed, lines: [...failures, ...notes] }
}

function main(file: string | undefined, option: string | undefined): number {
  if (file === undefined || !existsSync(file)) {
    console.log('FAIL  the tests wrote no report\n0 passed, 1 failed')
    return 1
  }
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport
  const { passed, failed, lines } = judge(report, {
    realDataPresent: existsSync(realDataDir),
    wantsRealData: option === '--real-data',
    usesRealData: (path) => /shared\/data|testing\/real-data/.test(readFileSync(path, 'utf8')),
  })
  const root = fileURLToPath(new URL('../', import.meta.url))
  for (const line of lines) console.log(line.replaceAll(root, ''))
  console.log(`${passed} passed, ${failed} failed`)
  return failed > 0 || passed === 0 ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv[2], process.argv[3])
