// What a user gets: packs every publishable package, judges the tarballs, installs them into an empty project
// and imports every entry. Then sizes, and what nobody uses.
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Tally } from './tally.ts'

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

interface Package {
  readonly folder: string
  readonly manifest: Manifest
}

const root = fileURLToPath(new URL('../', import.meta.url))
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)
const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

/** Runs a tool and returns what it printed; throws its output when it fails. */
function run(command: string, argv: readonly string[], cwd: string = root): string {
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    NO_COLOR: '1',
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  }
  for (const name of Object.keys(environment))
    if (/^npm_(config_workspaces?|package_|lifecycle_)/i.test(name)) delete environment[name]
  const done = spawnSync(command, argv, {
    cwd,
    encoding: 'utf8',
    env: environment,
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (done.error !== undefined) throw done.error
  if (done.status !== 0) throw new Error(`${done.stdout}${done.stderr}`.trim() || `exit code ${done.status}`)
  return done.stdout
}

function publishable(): Package[] {
  return readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name))
    .map((folder) => ({ folder, manifest: readManifest(folder) }))
    .filter(({ manifest }) => manifest.private !== true)
}

/** Import names of a package's entries, `./package.json` left out. */
function entriesOf({ name, exports = {} }: Manifest): string[] {
  return Object.keys(exports)
    .filter((key) => key !== './package.json')
    .map((key) => join(name, key))
}

function pack({ folder }: Package, target: string): { file: string; contents: string[] } {
  // npm 11 answers with a list, npm 12 with an object by name.
  const answer = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', target], folder),
  ) as object
  const packed = Object.values(answer)[0] as { filename: string; files: { path: string }[] }
  return {
    file: join(target, packed.filename.replace('@', '').replace('/', '-')),
    contents: packed.files.map(({ path }) => path),
  }
}

function assertContents(contents: readonly string[], { exports = {} }: Manifest): void {
  const stray = contents.filter((path) => !/^(dist\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path))
  if (stray.length > 0) throw new Error(`the tarball holds ${stray.join(', ')}`)
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === 'string'
      ? [target]
      : Object.entries(target).flatMap(([key, path]) => (key === 'windrow-source' ? [] : [path])),
  )
  const wanted = ['README.md', 'LICENSE', ...targets.map((path) => path.replace(/^\.\//, ''))]
  const missing = wanted.filter((path) => !contents.includes(path))
  if (missing.length > 0) throw new Error(`the tarball lacks ${missing.join(', ')}`)
}

/** The module named by `... from "x";` or `import "x";` at the end of a line, or by `import("x")`. */
const importedName = /(?:^(?:.*\sfrom|import)\s|\bimport\()["']([^"'\n]+)["'](?:;?$|\))/gm

/** Code in dist may import what the package declares for its users, and nothing else. */
function assertDeclaredImports({ folder, manifest }: Package): void {
  const declared = new Set([
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.peerDependencies ?? {}),
  ])
  const undeclared = new Set<string>()
  for (const file of globSync('dist/**/*.js', { cwd: folder })) {
    for (const [, name = ''] of readFileSync(join(folder, file), 'utf8').matchAll(importedName)) {
      const own =
        name.startsWith('.') ||
        name.startsWith('node:') ||
        name === manifest.name ||
        name.startsWith(`${manifest.name}/`)
      const dependency = name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/')
      if (builtinModules.includes(name)) undeclared.add(`${name} (write node:${name})`)
      else if (!own && !declared.has(dependency)) undeclared.add(name)
    }
  }
  if (undeclared.size > 0) throw new Error(`dist imports ${[...undeclared].join(', ')}`)
}

/** An empty project with the tarballs and every peer in the version this repository tests with. */
function install(project: string, tarballs: ReadonlyMap<string, string>, packages: readonly Package[]): void {
  const dependencies: Record<string, string> = {}
  const pinned = readManifest(root).devDependencies ?? {}
  for (const { manifest } of packages) {
    for (const [name, range] of Object.entries(manifest.peerDependencies ?? {})) {
      dependencies[name] = manifest.devDependencies?.[name] ?? pinned[name] ?? range
    }
  }
  for (const [name, file] of tarballs) dependencies[name] = `file:${file}`
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], project)
}

async function main(): Promise<number> {
  const tally = new Tally()
  const packages = publishable()
  const temporary = mkdtempSync(join(tmpdir(), 'windrow-packages-'))
  try {
    const built = await tally.check('build', () =>
      run(bin('turbo'), ['run', 'build', '--filter=./packages/*', '--output-logs=errors-only']),
    )
    if (built) {
      const tarballs = new Map<string, string>()
      for (const one of packages) {
        const { name } = one.manifest
        await tally.check(`${name}: tarball`, () => {
          const { file, contents } = pack(one, temporary)
          tarballs.set(name, file)
          assertContents(contents, one.manifest)
        })
        const file = tarballs.get(name)
        if (file === undefined) continue
        await tally.check(`${name}: publint`, () => run(bin('publint'), ['run', file, '--strict']))
        await tally.check(`${name}: types resolve (attw)`, () =>
          run(bin('attw'), [file, '--profile', 'esm-only', '--no-emoji']),
        )
        await tally.check(`${name}: imports only what it declares`, () => assertDeclaredImports(one))
      }
      const project = mkdtempSync(join(temporary, 'project-'))
      if (await tally.check('tarballs install into an empty project', () => install(project, tarballs, packages))) {
        for (const entry of packages.flatMap(({ manifest }) => entriesOf(manifest))) {
          await tally.check(`import '${entry}'`, () =>
            run(process.execPath, ['--input-type=module', '--eval', `await import('${entry}')`], project),
          )
        }
      }
      await tally.check('size-limit', () => console.log(run(bin('size-limit'), []).trim()))
    }
    await tally.check('knip', () => run(bin('knip'), ['--no-progress']))
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return tally.finish()
}

process.exitCode = await main()
