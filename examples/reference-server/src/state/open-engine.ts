import { createHash } from 'node:crypto'
import path from 'node:path'
import {
  createEngine,
  type Engine,
  type EngineOptions,
  type StateStore,
  type StorageAdapter,
  WindrowError,
} from '@windrow/core'
import { fileStateStore } from '@windrow/storage-adapters/file-state'
import { StartupError } from '../startup-error.ts'
import { SNAPSHOT } from './snapshot-keeper.ts'

/** What became of the snapshot of the life before. */
export type RestoreOutcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'restored' }
  /** It could not be read and lies under the name `as`; the server began without it. */
  | { readonly kind: 'set-aside'; readonly as: string; readonly reason: string }

export interface OpenEngineOptions<Storage extends StorageAdapter> {
  readonly dataDir: string
  /** Called again after a snapshot that could not be restored, which takes the engine and its storage with it. */
  readonly newStorage: () => Storage
  readonly engine: Omit<EngineOptions, 'storage' | 'stateStore'>
  readonly restores: boolean
  /** A manual clock is set to this first. */
  readonly startMs?: number | undefined
}

export interface OpenedEngine<Storage extends StorageAdapter> {
  readonly engine: Engine
  readonly storage: Storage
  /** Closed by the engine. */
  readonly stateStore: StateStore
  readonly outcome: RestoreOutcome
}

/** Where the state store keeps its files. */
export function stateDirOf(dataDir: string): string {
  return path.join(dataDir, 'state')
}

/**
 * Makes the engine and goes on from the last snapshot. One that is damaged or of a newer version is set aside.
 *
 * @throws StartupError when the directory of the state cannot be used, or what is kept there besides the snapshot is
 *   damaged
 */
export async function openEngine<Storage extends StorageAdapter>(
  options: OpenEngineOptions<Storage>,
): Promise<OpenedEngine<Storage>> {
  const opened = await open(options)
  if (!options.restores) return { ...opened, outcome: { kind: 'none' } }
  const chunks = await withRemedy(options.dataDir, opened.stateStore.read(SNAPSHOT), opened.engine)
  if (chunks === undefined) return { ...opened, outcome: { kind: 'none' } }
  try {
    await opened.engine.restore(chunks)
    return { ...opened, outcome: { kind: 'restored' } }
  } catch (error) {
    if (isOfTheDisk(error)) throw unusable(options.dataDir, error)
    const reason = error instanceof Error ? error.message : String(error)
    const as = await setAside(options.dataDir)
    return { ...(await open(options)), outcome: { kind: 'set-aside', as, reason } }
  }
}

async function open<Storage extends StorageAdapter>({
  dataDir,
  newStorage,
  engine: engineOptions,
  startMs,
}: OpenEngineOptions<Storage>): Promise<Omit<OpenedEngine<Storage>, 'outcome'>> {
  const storage = newStorage()
  const stateStore = fileStateStore({ directory: stateDirOf(dataDir) })
  const engine = createEngine({ ...engineOptions, storage, stateStore })
  await withRemedy(dataDir, engine.flush(), engine)
  if (startMs !== undefined) engine.advanceTo(startMs)
  return { engine, storage, stateStore }
}

/** Copies the snapshot to a name made of its content, so that trying again and again does not fill the disk. */
async function setAside(dataDir: string): Promise<string> {
  const store = fileStateStore({ directory: stateDirOf(dataDir) })
  try {
    const hash = createHash('sha256')
    for await (const chunk of (await store.read(SNAPSHOT)) ?? []) hash.update(chunk)
    const name = `${SNAPSHOT}-aside-${hash.digest('hex').slice(0, 16)}`
    await store.write(name, (await store.read(SNAPSHOT)) ?? [])
    return name
  } catch (error) {
    throw unusable(dataDir, error)
  } finally {
    await store.close()
  }
}

async function withRemedy<T>(dataDir: string, work: Promise<T>, engine: Engine): Promise<T> {
  try {
    return await work
  } catch (error) {
    await engine.close().catch(() => undefined)
    throw unusable(dataDir, error)
  }
}

function isOfTheDisk(error: unknown): boolean {
  return error instanceof WindrowError && error.code.startsWith('STORAGE_')
}

function unusable(dataDir: string, error: unknown): StartupError {
  const { message } = error as Error
  const hint = error instanceof WindrowError && error.hint !== undefined ? `: ${error.hint}` : ''
  return new StartupError(`the state in ${stateDirOf(dataDir)} cannot be used: ${message}${hint}`, { cause: error })
}
