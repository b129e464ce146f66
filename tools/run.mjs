// The way in for every command of the repository: `node tools/run.mjs TASK [arguments]`. Needs nothing but
// Node 18 and npm; installs what the lock asks for, then runs the task with the pinned Node.
import { join } from 'node:path'
import { buildUnlessFresh } from './bootstrap/build-stamp.mjs'
import { ensureInstalled } from './bootstrap/install.mjs'
import { root, stampDir } from './bootstrap/paths.mjs'
import { findNode, missingNodeAdvice } from './bootstrap/pinned-node.mjs'
import { runChild } from './bootstrap/run-child.mjs'
import { say, showProgress } from './bootstrap/say.mjs'

const server = 'examples/reference-server'
const fromSource = '--conditions=windrow-source'
const tool = (...path) => join(root, 'node_modules', ...path)
const turbo = tool('turbo', 'bin', 'turbo')

/** The dashboard is all that `start` must build: the server and the packages run from their sources. */
const dashboard = {
  base: root,
  stampFile: join(stampDir, 'dashboard'),
  inputs: [
    `${server}/dashboard`,
    `${server}/vite.config.ts`,
    `${server}/package.json`,
    'package-lock.json',
    'packages',
  ],
  outputs: [`${server}/dist`],
}

async function buildDashboard(node) {
  return buildUnlessFresh(dashboard, async () => {
    say('building the dashboard')
    const done = showProgress('turbo run build')
    const argv = [turbo, 'run', 'build', '--filter=@windrow/example-reference-server', '--output-logs=errors-only']
    // Build output is no part of what the server prints.
    const code = await runChild(node, argv, { stdio: ['ignore', 2, 2] }).finally(done)
    if (code === 0) say('dashboard built')
    return code
  })
}

/** Every task, given the Node to run with and its arguments, resolves to an exit code. */
const tasks = {
  async start(node, args) {
    const code = await buildDashboard(node)
    if (code !== 0) return code
    return runChild(node, [fromSource, join(root, server, 'src', 'main.ts'), ...args])
  },
  async test(node, args) {
    // The browser test needs a browser and a build; it runs when asked for by name.
    const named = args.some((arg) => arg.startsWith('--project'))
    if (named && args.some((arg) => /^(--project=)?browser$/.test(arg))) {
      const code = await buildDashboard(node)
      if (code !== 0) return code
    }
    const projects = named ? [] : ['--project=!browser']
    return runChild(node, [tool('vitest', 'vitest.mjs'), 'run', ...projects, ...args])
  },
  bench: (node, args) => runChild(node, [fromSource, join(root, 'benchmarks', 'src', 'main.ts'), ...args]),
  build: (node, args) => runChild(node, [turbo, 'run', 'build', ...args]),
  typecheck: (node, args) => runChild(node, [turbo, 'run', 'typecheck', '//#typecheck:tools', ...args]),
  lint: (node, args) => runChild(node, [tool('@biomejs', 'biome', 'bin', 'biome'), 'check', ...args, '.']),
  layers: (node, args) => runChild(node, [join(root, 'tools', 'check-layers.ts'), ...args]),
  mutations: (node, args) => runChild(node, [join(root, 'tools', 'mutations.ts'), ...args]),
  packages: (node, args) => runChild(node, [join(root, 'tools', 'check-packages.ts'), ...args]),
  smoke: (node, args) => runChild(node, [fromSource, join(root, 'tools', 'smoke.ts'), ...args]),
}

async function main() {
  const [name, ...args] = process.argv.slice(2)
  const task = name !== undefined && Object.hasOwn(tasks, name) ? tasks[name] : undefined
  if (task === undefined) {
    console.error(`usage: node tools/run.mjs ${Object.keys(tasks).join('|')} [arguments]`)
    return 2
  }
  await ensureInstalled()
  const node = findNode()
  if (node === undefined) throw new Error(missingNodeAdvice())
  if (!node.pinned) say(`no pinned Node for this platform, using ${process.versions.node}`)
  return task(node.path, args)
}

try {
  process.exitCode = await main()
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
