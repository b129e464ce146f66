import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

const pollMs = 300

/** True when the process that wrote the lock can no longer give it back. */
function isAbandoned(holder) {
  const pid = Number.parseInt(holder, 10)
  // A lock that is being written right now is empty for a moment.
  if (!Number.isInteger(pid) || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** Moves an abandoned lock out of the way, unless someone else did so and holds a new one by now. */
function breakLock(path, holder) {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
    if (readFileSync(aside, 'utf8') !== holder) linkSync(aside, path)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
  rmSync(aside, { force: true })
}

/**
 * Runs `work` while holding the lock file `path`; waits while another living process holds it.
 * `onWait` is called once when there is someone to wait for.
 */
export async function withFileLock(path, work, onWait = () => {}) {
  const token = `${process.pid} ${Date.now()}`
  let waited = false
  for (;;) {
    try {
      writeFileSync(path, token, { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    let holder = ''
    try {
      holder = readFileSync(path, 'utf8')
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
    if (isAbandoned(holder)) {
      breakLock(path, holder)
      continue
    }
    if (!waited) onWait()
    waited = true
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  const release = () => rmSync(path, { force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}
