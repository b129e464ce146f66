import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nestedNpmEnvironment } from './environment.mjs'
import { withFileLock } from './file-lock.mjs'
import { root } from './paths.mjs'
import { say, showProgress } from './say.mjs'

const stampOf = (base) => join(base, 'node_modules', '.windrow', 'install')

function installKey(lockText) {
  return createHash('sha256').update(lockText).update(`${process.platform}-${process.arch}`).digest('hex')
}

function readOrUndefined(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/**
 * True when what npm itself recorded in node_modules is what the lock asks for: somebody ran npm by hand.
 * Packages for other platforms are optional and may be absent.
 */
export function matchesLock(lock, installed) {
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === '') continue
    const found = installed.packages[path]
    if (
      found === undefined ? wanted.optional !== true : found.version !== wanted.version || found.link !== wanted.link
    ) {
      return false
    }
  }
  return true
}

/** True when nothing must be installed. Remembers a good answer, so that the next one is cheap. */
export function isInstalled(base = root) {
  const lockText = readFileSync(join(base, 'package-lock.json'), 'utf8')
  const key = installKey(lockText)
  if (readOrUndefined(stampOf(base)) === key) return true
  const installed = readOrUndefined(join(base, 'node_modules', '.package-lock.json'))
  if (installed === undefined || !matchesLock(JSON.parse(lockText), JSON.parse(installed))) return false
  rememberInstall(base, key)
  return true
}

function rememberInstall(base, key) {
  mkdirSync(join(base, 'node_modules', '.windrow'), { recursive: true })
  writeFileSync(stampOf(base), key)
}

function npmCommand() {
  const cli = process.env.npm_execpath
  // The Node npm runs under stays in place while node_modules, and the pinned Node in it, is replaced.
  if (cli !== undefined && /npm-cli\.js$/.test(cli)) return [process.env.npm_node_execpath ?? process.execPath, [cli]]
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm', []]
}

function runNpmCi() {
  const [command, before] = npmCommand()
  const argv = [...before, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  return new Promise((resolve, reject) => {
    const shell = command.endsWith('.cmd')
    const child = spawn(command, argv, { cwd: root, env: nestedNpmEnvironment(), stdio: ['ignore', 2, 2], shell })
    const stop = (signal) => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, stop)
    child.once('error', reject)
    child.once('exit', (code) => {
      for (const signal of signals) process.off(signal, stop)
      resolve(code ?? 1)
    })
  })
}

/** Installs the dependencies of the lock if they are not there. Several first commands at once are fine. */
export async function ensureInstalled() {
  if (isInstalled()) return
  await withFileLock(join(root, '.install-lock'), installUnlessDone, () => say('waiting for another install to finish'))
}

async function installUnlessDone() {
  if (isInstalled()) return
  say('installing dependencies (npm ci; first time or after a change)')
  const done = showProgress('npm ci')
  const code = await runNpmCi().finally(done)
  if (code !== 0) throw new Error(`npm ci failed with exit code ${code}; its messages are above`)
  rememberInstall(root, installKey(readFileSync(join(root, 'package-lock.json'), 'utf8')))
  say('dependencies installed')
}
