// Makes package-lock.json whole after a dependency change. A registry mirror may not hold every binary made
// for other platforms; `npm install` then leaves those optional packages out of the lock and `npm ci` refuses
// the lock for it. This adds the missing entries (version, os, cpu) and takes out registry addresses, so that
// the lock works with any registry. `--check` changes nothing and fails when there is something to do.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const operatingSystems = {
  darwin: 'darwin',
  win32: 'win32',
  windows: 'win32',
  android: 'android',
  freebsd: 'freebsd',
  openbsd: 'openbsd',
  netbsd: 'netbsd',
  sunos: 'sunos',
  aix: 'aix',
  openharmony: 'openharmony',
  linux: 'linux',
}
// Longer names first: `arm64` holds `arm`.
const processors = ['mips64el', 'riscv64', 'loong64', 'wasm32', 'arm64', 's390x', 'ppc64', 'ia32', 'x64', 'arm']

/** What a binary package's name says about where it runs; `undefined` when it says too little. */
export function platformOf(name) {
  const os = Object.keys(operatingSystems).find((word) => name.includes(word))
  const cpu = processors.find((word) => name.includes(word)) ?? (/-64(-|$)/.test(name) ? 'x64' : undefined)
  if (os === undefined || cpu === undefined) return undefined
  const libc = name.includes('musl') ? ['musl'] : name.includes('gnu') ? ['glibc'] : undefined
  return { os: [operatingSystems[os]], cpu: [cpu], ...(libc === undefined ? {} : { libc }) }
}

/** Where Node would look for `name` from the package at `from`, nearest first. */
function* lookupPaths(from, name) {
  for (let base = from; ; ) {
    yield `${base === '' ? '' : `${base}/`}node_modules/${name}`
    if (base === '') return
    const up = base.lastIndexOf('/node_modules/')
    base = up < 0 ? '' : base.slice(0, up)
  }
}

/** Returns the completed lock and what was changed; throws when a package for `host` itself is missing. */
export function completeLock(lock, host = { os: process.platform, cpu: process.arch }) {
  const packages = structuredClone(lock.packages)
  const added = []
  let addressesRemoved = 0
  for (const entry of Object.values(packages)) {
    if (typeof entry.resolved === 'string' && /^https?:/.test(entry.resolved)) {
      delete entry.resolved
      addressesRemoved++
    }
  }
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!/^\d+\.\d+\.\d+/.test(range)) continue
      if ([...lookupPaths(path, name)].some((candidate) => packages[candidate] !== undefined)) continue
      const platform = platformOf(name)
      if (platform === undefined) continue
      if (platform.os[0] === host.os && platform.cpu[0] === host.cpu && platform.libc?.[0] !== 'musl') {
        throw new Error(`${name}@${range} is needed on this platform and is not in the lock`)
      }
      const target = `${path === '' ? '' : `${path}/`}node_modules/${name}`
      // In the order npm writes, so that the next `npm install` leaves the entry as it is.
      packages[target] = {
        version: range,
        cpu: platform.cpu,
        ...(entry.dev ? { dev: true } : {}),
        ...(platform.libc === undefined ? {} : { libc: platform.libc }),
        optional: true,
        os: platform.os,
      }
      added.push(target)
    }
  }
  const rank = ([path]) => (path === '' ? 0 : 1)
  const sorted = Object.entries(packages).sort((a, b) => rank(a) - rank(b) || a[0].localeCompare(b[0], 'en'))
  return { lock: { ...lock, packages: Object.fromEntries(sorted) }, added, addressesRemoved }
}

function main(args) {
  const file = new URL('../package-lock.json', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const { lock, added, addressesRemoved } = completeLock(JSON.parse(text))
  const changes = `${added.length} entries added, ${addressesRemoved} addresses removed`
  if (args.includes('--check')) {
    if (added.length + addressesRemoved === 0) return 0
    console.error(`package-lock.json is not complete (${changes}): run \`node tools/complete-lock.mjs\``)
    return 1
  }
  const next = `${JSON.stringify(lock, null, 2)}\n`
  if (next !== text) writeFileSync(file, next)
  console.log(changes)
  return 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2))
