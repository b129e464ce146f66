// Runs the import rules of .dependency-cruiser.cjs over the checkout, or over the folder given as argument.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs')

export interface LayerReport {
  /** Source files of ours that were read. */
  readonly modules: readonly string[]
  readonly violations: readonly { readonly rule: string; readonly from: string; readonly to: string }[]
}

interface CruiseResult {
  readonly modules: readonly { readonly source: string }[]
  readonly summary: {
    readonly violations: readonly {
      readonly rule: { readonly name: string }
      readonly from: string
      readonly to: string
    }[]
  }
}

/** Modules of ours that were seen, and what they violate. Throws when the tool itself failed. */
export function checkLayers(base: string = root): LayerReport {
  const folders = ['packages', 'examples', 'benchmarks', 'tools'].filter((name) => existsSync(join(base, name)))
  const argv = [cruiser, '--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json', ...folders]
  const run = spawnSync(process.execPath, argv, { cwd: base, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (run.error !== undefined) throw run.error
  let report: CruiseResult
  try {
    report = JSON.parse(run.stdout) as CruiseResult
  } catch {
    throw new Error(`dependency-cruiser gave no report: ${run.stderr}`)
  }
  const modules = report.modules
    .map((module) => module.source)
    .filter((source) => /\.(ts|tsx|mjs)$/.test(source) && !source.includes('node_modules'))
  const violations = report.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }))
  return { modules, violations }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { modules, violations } = checkLayers(process.argv[2] === undefined ? root : resolve(process.argv[2]))
  for (const { rule, from, to } of violations) console.error(`${rule}: ${from} -> ${to}`)
  console.log(`${modules.length} modules, ${violations.length} violations`)
  // A checker that sees nothing has checked nothing.
  if (modules.length === 0 || violations.length > 0) process.exitCode = 1
}
