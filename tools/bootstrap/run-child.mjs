import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { taskEnvironment } from './environment.mjs'
import { root } from './paths.mjs'

const parentPollMs = 250

/**
 * Runs a command in the foreground and resolves to its exit code. Signals are handed on, except SIGINT on a
 * terminal, which reaches the child by itself. When the process that started us disappears, the child is
 * asked to stop: a killed npm tells nobody.
 */
export function runChild(command, argv, { cwd = root, stdio = 'inherit' } = {}) {
  const child = spawn(command, argv, { cwd, env: taskEnvironment(), stdio })
  const forward = (signal) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, parentPollMs)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearInterval(watch)
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, forward)
      resolve(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0))
    })
  })
}
