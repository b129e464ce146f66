import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Root of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Stamps live under node_modules, so that removing the dependencies removes what was known about them. */
export const stampDir = join(root, 'node_modules', '.windrow')
