import type { ScriptCase } from './script.ts'
import { parseScript } from './script-parser.ts'
import { renderFailure, runCase, type ScriptFailure, type ScriptRunnerOptions } from './script-runner.ts'

/** What a test framework gives; those of vitest, jest and `node:test` all fit. */
export interface TestFramework {
  readonly describe: (title: string, body: () => void) => void
  readonly test: {
    (title: string, body: () => Promise<void>): void
    readonly skip: (title: string, body: () => Promise<void>) => void
  }
}

/** The text of a script, and the name it goes by in failures: best a path an editor can open. */
export interface ScriptSource {
  readonly file: string
  readonly text: string
}

export interface GoldenScriptsOptions extends ScriptRunnerOptions, TestFramework {
  readonly scripts: readonly ScriptSource[]
}

/**
 * Declares one test per case of every script, and one that fails for a script that does not follow the format.
 * Cases that run over history are declared as skipped when there is no `createStorage`.
 */
export function goldenScripts(options: GoldenScriptsOptions): void {
  const { describe, test, scripts } = options
  for (const { file, text } of scripts) {
    const script = parseScript(file, text)
    describe(file, () => {
      if (script.problems.length > 0) {
        test('follows the format', async () => {
          const lines = script.problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`)
          throw new Error(lines.join('\n'))
        })
        return
      }
      for (const scriptCase of script.cases)
        if (scriptCase.needsStorage && options.createStorage === undefined)
          test.skip(scriptCase.name, () => runOne(file, scriptCase, options))
        else test(scriptCase.name, () => runOne(file, scriptCase, options))
    })
  }
}

async function runOne(file: string, scriptCase: ScriptCase, options: ScriptRunnerOptions): Promise<void> {
  const { failures } = await runCase(file, scriptCase, options)
  if (failures.length > 0) throw new Error(messageOf(failures))
}

function messageOf(failures: readonly ScriptFailure[]): string {
  return failures.map(renderFailure).join('\n\n')
}
