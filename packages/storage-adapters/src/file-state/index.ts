export { type FileStateStoreOptions, fileStateStore } from './file-state-store.ts'
