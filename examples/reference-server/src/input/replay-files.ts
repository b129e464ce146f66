import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { StartupError } from '../startup-error.ts'

/** Looks whether every file can be read, before anything listens. Throws `StartupError` naming the first that cannot. */
export async function checkReplayFiles(replays: readonly { readonly file: string }[]): Promise<void> {
  for (const { file } of replays)
    try {
      await access(file, constants.R_OK)
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : 'it cannot be read'
      throw new StartupError(`cannot replay ${file}: ${reason} (looked for ${path.resolve(file)})`, { cause })
    }
}
