import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * A fingerprint of files by path, size and modification time: cheap enough to take before every start, and
 * when it errs it errs towards a build that turns out to be cached.
 */
function fingerprint(base, paths) {
  const hash = createHash('sha256')
  for (const path of paths) addPath(hash, base, path)
  return hash.digest('hex')
}

function addPath(hash, base, path) {
  const stat = statSync(join(base, path), { throwIfNoEntry: false })
  if (stat === undefined) {
    hash.update(`${path} absent\n`)
  } else if (stat.isDirectory()) {
    hash.update(`${path}/\n`)
    for (const name of readdirSync(join(base, path)).sort()) {
      if (name !== 'node_modules' && name !== '.turbo') addPath(hash, base, `${path}/${name}`)
    }
  } else {
    hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`)
  }
}

/** Runs `build` unless neither inputs nor outputs changed since it last succeeded. `build` resolves to an exit code. */
export async function buildUnlessFresh({ base, stampFile, inputs, outputs }, build) {
  const read = () => `${fingerprint(base, inputs)} ${fingerprint(base, outputs)}`
  let known
  try {
    known = readFileSync(stampFile, 'utf8')
  } catch {
    known = undefined
  }
  if (known === read()) return 0
  const before = fingerprint(base, inputs)
  const code = await build()
  if (code === 0) {
    mkdirSync(dirname(stampFile), { recursive: true })
    // Inputs as they were before the build: a file edited meanwhile is built next time.
    writeFileSync(stampFile, `${before} ${fingerprint(base, outputs)}`)
  }
  return code
}
