import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Puts the chunks in place of the file at `path`, whole and durable: written beside it as `temporaryPath`, synced,
 * renamed, and the folder synced, for until then a crash may undo the renaming. On failure the old file stays.
 */
export async function replaceFile(
  path: string,
  temporaryPath: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  try {
    const file = await open(temporaryPath, 'w', 0o600)
    try {
      for await (const chunk of chunks) await writeWhole(file, chunk)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporaryPath, path)
  } catch (error) {
    await rm(temporaryPath, { force: true }).catch(() => undefined)
    throw error
  }
  await syncFolder(dirname(path))
}

/** `write` may take less than it was given. */
async function writeWhole(file: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) offset += (await file.write(chunk, offset)).bytesWritten
}

async function syncFolder(path: string): Promise<void> {
  // Windows has no way to sync a folder; it keeps the order of renamings itself.
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
