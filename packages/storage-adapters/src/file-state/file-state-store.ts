import { constants, type ReadStream } from 'node:fs'
import { access, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type StateStore, WindrowError } from '@windrow/core'
import { replaceFile } from './atomic-file.ts'

export interface FileStateStoreOptions {
  /** Made if it is not there. It belongs to one store at a time. */
  readonly directory: string
}

const SUFFIX = '.state'
const TEMPORARY_SUFFIX = '.state.tmp'
/** The same file on every file system: no case, no separators, nothing hidden. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/

class FileStateStore implements StateStore {
  readonly #directory: string
  #opened: Promise<void> | undefined
  /** By name: the last write that was begun; never rejects. */
  readonly #writes = new Map<string, Promise<void>>()
  #closed = false

  constructor({ directory }: FileStateStoreOptions) {
    if (typeof directory !== 'string' || directory === '') throw new TypeError('directory must be a path')
    this.#directory = directory
  }

  async write(name: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const path = this.#pathOf(name, SUFFIX)
    this.#checkOpen()
    // One write of a name after the other: they share a temporary file, and the last call's value is to stay.
    const write = (this.#writes.get(name) ?? Promise.resolve()).then(async () => {
      await this.#ready()
      await replaceFile(path, this.#pathOf(name, TEMPORARY_SUFFIX), chunks)
    })
    this.#writes.set(
      name,
      write.catch(() => undefined),
    )
    try {
      await write
    } catch (error) {
      throw this.#failure(`cannot write ${name}`, error)
    }
  }

  async read(name: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const path = this.#pathOf(name, SUFFIX)
    this.#checkOpen()
    await this.#ready()
    // Opened here, so that a value that is replaced while it is read is still read to its end.
    const file = await open(path, 'r').catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined
      throw this.#failure(`cannot read ${name}`, error)
    })
    return file === undefined ? undefined : this.#chunksOf(name, file.createReadStream())
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#writes.values())
  }

  /** A directory that could not be used is tried again by the next call. */
  #ready(): Promise<void> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  async #open(): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 })
      await access(this.#directory, constants.R_OK | constants.W_OK | constants.X_OK)
      // A process that ended amid a write left its part of the value; the value before is whole.
      for (const file of await readdir(this.#directory))
        if (file.endsWith(TEMPORARY_SUFFIX)) await rm(join(this.#directory, file), { force: true })
    } catch (error) {
      throw this.#failure('cannot use it', error)
    }
  }

  async *#chunksOf(name: string, stream: ReadStream): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of stream) yield chunk as Uint8Array
    } catch (error) {
      throw this.#failure(`cannot read ${name}`, error)
    }
  }

  #pathOf(name: string, suffix: string): string {
    if (!NAME.test(name))
      throw new TypeError(`a state has a name of up to 64 letters a-z, digits and hyphens, not ${JSON.stringify(name)}`)
    return join(this.#directory, `${name}${suffix}`)
  }

  #checkOpen(): void {
    if (this.#closed) throw new WindrowError('STORAGE_CLOSED', `the state store in ${this.#directory} is closed`)
  }

  /** What the file system says, as an error of the library; whatever else failed, as it is. */
  #failure(problem: string, error: unknown): unknown {
    const code = codeOf(error)
    if (code === undefined || error instanceof WindrowError) return error
    return new WindrowError('STORAGE_FAILED', `the state store in ${this.#directory}: ${problem} (${code})`, {
      hint: hintFor(code),
      cause: error,
      details: { directory: this.#directory, retryable: RETRYABLE.has(code) },
    })
  }
}

/** What may pass without anybody doing anything about this process. */
const RETRYABLE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EIO', 'EAGAIN', 'EBUSY'])

function hintFor(code: string): string {
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'give the path of a directory; a file is in the way'
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'make room on the disk'
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return 'give a directory this process may read and write'
  return 'check that the directory is there and can be read and written'
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/**
 * Keeps each value as a file of one directory, replaced atomically: after a crash either the old or the new one is
 * there. Values are streamed both ways. `TypeError` for a name that is none; `STORAGE_FAILED` with a hint when the
 * directory cannot be used; a failure of the chunks given to `write` as it is.
 */
export function fileStateStore(options: FileStateStoreOptions): StateStore {
  return new FileStateStore(options)
}
