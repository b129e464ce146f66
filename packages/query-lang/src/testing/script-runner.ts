import type { Engine, EngineOptions, StorageAdapter } from '@windrow/core'
import { CaseEngine } from './case-engine.ts'
import { CaseRun } from './case-run.ts'
import type { Script, ScriptCase } from './script.ts'

export interface ScriptRunnerOptions {
  /** Makes the engine of a case; `createEngine` of `@windrow/core` fits. The clock in the options is `manual`. */
  readonly createEngine: (options: EngineOptions) => Engine
  /** Makes an empty storage, which the engine then owns. Without it cases that use `eval` are skipped. */
  readonly createStorage?: (() => StorageAdapter | Promise<StorageAdapter>) | undefined
}

/** An expectation that was not met, or a step that could not be done. */
export interface ScriptFailure {
  readonly file: string
  readonly line: number
  readonly caseName: string
  /** What was expected and what came, over several lines. */
  readonly message: string
}

export interface CaseReport {
  /** Expectations that were looked at. */
  readonly evals: number
  readonly failures: readonly ScriptFailure[]
  /** The case needs a storage and there is none. */
  readonly skipped: boolean
}

export interface ScriptReport {
  readonly evals: number
  /** Expectations that were not met; problems of the text are failures with the empty case name. */
  readonly failures: readonly ScriptFailure[]
  /** Names of cases that were not run for lack of a storage. */
  readonly skipped: readonly string[]
}

/** Runs every case of a script, each with an engine of its own. A script with problems is not run. */
export async function runScript(script: Script, options: ScriptRunnerOptions): Promise<ScriptReport> {
  if (script.problems.length > 0) {
    const failures = script.problems.map(({ file, line, column, message }) => {
      return { file, line, caseName: '', message: `column ${column}: ${message}` }
    })
    return { evals: 0, failures, skipped: [] }
  }
  let evals = 0
  const failures: ScriptFailure[] = []
  const skipped: string[] = []
  for (const scriptCase of script.cases) {
    const report = await runCase(script.file, scriptCase, options)
    evals += report.evals
    failures.push(...report.failures)
    if (report.skipped) skipped.push(scriptCase.name)
  }
  return { evals, failures, skipped }
}

/** Runs one case. A step that cannot be done ends it; an expectation that is not met does not. */
export async function runCase(file: string, scriptCase: ScriptCase, options: ScriptRunnerOptions): Promise<CaseReport> {
  const { createEngine, createStorage } = options
  if (scriptCase.needsStorage && createStorage === undefined) return { evals: 0, failures: [], skipped: true }
  const engine = await CaseEngine.open(async () => {
    const storage = scriptCase.hasStorage ? await createStorage?.() : undefined
    return createEngine({
      ...scriptCase.engineOptions,
      clock: 'manual',
      ...(storage === undefined ? {} : { storage }),
    })
  })
  try {
    const run = new CaseRun(engine, scriptCase)
    await run.run()
    const failures = run.failures.map((failure) => ({ file, caseName: scriptCase.name, ...failure }))
    return { evals: run.evals, failures, skipped: false }
  } finally {
    await engine.close()
  }
}

/** `file:line: case: what`, as people read it and editors jump to it. */
export function renderFailure({ file, line, caseName, message }: ScriptFailure): string {
  return `${file}:${line}: ${caseName === '' ? '' : `${caseName}: `}${message}`
}
