import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../../', import.meta.url))

/** Folder of the real series: `WINDROW_REAL_DATA`, or `../shared/data` beside the checkout. It may be absent. */
export const realDataDir: string = process.env['WINDROW_REAL_DATA'] ?? join(repository, '..', 'shared', 'data')

/**
 * Path of a real file or folder, or `undefined` when this machine does not have it. Let it decide whether a
 * test runs, so that missing data shows as a skipped test:
 *
 * ```ts
 * const file = realData('nab/realTraffic/speed_7578.csv')
 * test.skipIf(file === undefined)('windows of a real traffic series', () => {})
 * ```
 */
export function realData(relativePath: string): string | undefined {
  const path = join(realDataDir, relativePath)
  return existsSync(path) ? path : undefined
}
