import { delimiter, join } from 'node:path'
import { root } from './paths.mjs'

/** The environment tasks run in: the repository's own tools first, and no tool phones home. */
export function taskEnvironment() {
  return {
    ...process.env,
    PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
  }
}

const inherited =
  /^npm_(config_(workspaces?|prefix|global|local_prefix|dry_run|ignore_scripts|omit|include|only|production|include_workspace_root)|package_|lifecycle_|command)/i

/**
 * The environment of an npm inside npm. An outer `npm start -w x` hands its own settings down as `npm_*`
 * variables, and a nested install that inherits them installs something else.
 */
export function nestedNpmEnvironment(outer = process.env) {
  const environment = { ...outer, NO_UPDATE_NOTIFIER: '1' }
  for (const name of Object.keys(environment)) if (inherited.test(name)) delete environment[name]
  // `production` would leave out the development dependencies.
  delete environment.NODE_ENV
  return environment
}
