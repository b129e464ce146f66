import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../../', import.meta.url))

/** Folder of the real series: `WINDROW_REAL_DATA`, or `../shared/data` beside the checkout. It may be absent. */
export const realDataDir: string = process.env['WINDROW_REAL_DATA'] ?? join(repository, '..', 'shared', 'data')

/**
 * Path of a real file, or `undefined` when this machine does not have it. Use it to decide whether a test
 * runs, so that a missing file shows as a skipped test:
 *
 * ```ts
 * const file = realData('nab/realTraffic/speed_7578.csv')
 * test.skipIf(file === undefined)('windows of a real traffic series', () => {
 *   countRealCase('speed_7578')
 * })
 * ```
 */
export function realData(relativePath: string): string | undefined {
  const path = join(realDataDir, relativePath)
  return existsSync(path) ? path : undefined
}

/**
 * Call it at the end of a test body that used real data. `WINDROW_REAL_DATA_LOG` names the file that counts
 * such cases, which is how a run that skipped them all cannot pass for one that ran them.
 */
export function countRealCase(name: string): void {
  const log = process.env['WINDROW_REAL_DATA_LOG']
  if (log !== undefined) appendFileSync(log, `${name.replaceAll('\n', ' ')}\n`)
}
