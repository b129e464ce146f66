import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { completeLock, platformOf } from '../complete-lock.mjs'

const linux = { os: 'linux', cpu: 'x64' } as const

const lockOf = (packages: Record<string, object>) => ({ lockfileVersion: 3, packages: { '': {}, ...packages } })

test('adds the binaries of other platforms beside the package that wants them', () => {
  const lock = lockOf({
    'node_modules/tool': {
      version: '1.2.3',
      dev: true,
      optionalDependencies: {
        '@tool/darwin-arm64': '1.2.3',
        '@tool/linux-x64': '1.2.3',
        '@tool/linux-arm64-musl': '1.2.3',
      },
    },
    'node_modules/@tool/linux-x64': { version: '1.2.3', optional: true },
  })
  const { lock: whole, added } = completeLock(lock, linux)
  expect(added).toEqual([
    'node_modules/tool/node_modules/@tool/darwin-arm64',
    'node_modules/tool/node_modules/@tool/linux-arm64-musl',
  ])
  expect(whole.packages['node_modules/tool/node_modules/@tool/linux-arm64-musl']).toEqual({
    version: '1.2.3',
    cpu: ['arm64'],
    dev: true,
    libc: ['musl'],
    optional: true,
    os: ['linux'],
  })
  expect(completeLock(whole, linux)).toEqual({ lock: whole, added: [], addressesRemoved: 0 })
})

test('refuses to hide a binary this platform needs', () => {
  const lock = lockOf({
    'node_modules/tool': { version: '1.0.0', optionalDependencies: { '@tool/linux-x64': '1.0.0' } },
  })
  expect(() => completeLock(lock, linux)).toThrow('@tool/linux-x64@1.0.0 is needed on this platform')
})

test('takes registry addresses out and leaves workspace links alone', () => {
  const lock = lockOf({
    'node_modules/a': { version: '1.0.0', resolved: 'https://registry.example/a.tgz', integrity: 'sha512-x' },
    'node_modules/@windrow/core': { resolved: 'packages/core', link: true },
  })
  const { lock: whole, addressesRemoved } = completeLock(lock, linux)
  expect(addressesRemoved).toBe(1)
  expect(whole.packages['node_modules/a']).toEqual({ version: '1.0.0', integrity: 'sha512-x' })
  expect(whole.packages['node_modules/@windrow/core']).toEqual({ resolved: 'packages/core', link: true })
})

test.each([
  ['@rollup/rollup-win32-ia32-msvc', { os: ['win32'], cpu: ['ia32'] }],
  ['@turbo/windows-64', { os: ['win32'], cpu: ['x64'] }],
  ['@rollup/rollup-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
  ['@turbo/darwin-64', { os: ['darwin'], cpu: ['x64'] }],
  ['fsevents', undefined],
])('platform of %s', (name, platform) => {
  expect(platformOf(name)).toEqual(platform)
})

test('the lock of this repository is complete and names no registry', () => {
  const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')
  expect(text).not.toMatch(/"resolved": "https?:/)
  expect(completeLock(JSON.parse(text)).added).toEqual([])
})
