export { type GoldenScriptsOptions, goldenScripts, type ScriptSource, type TestFramework } from './golden-scripts.ts'
export type { Script, ScriptCase, ScriptProblem } from './script.ts'
export { parseScript } from './script-parser.ts'
export {
  type CaseReport,
  renderFailure,
  runCase,
  runScript,
  type ScriptFailure,
  type ScriptReport,
  type ScriptRunnerOptions,
} from './script-runner.ts'
