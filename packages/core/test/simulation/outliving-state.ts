import { memoryStateStore, type StateStore } from '../../src/index.ts'

/** A state store that outlives the engines that close it. */
export function outlivingStateStore(): StateStore {
  const store = memoryStateStore()
  return {
    write: (name, chunks) => store.write(name, chunks),
    read: (name) => store.read(name),
    close: async () => {},
  }
}
